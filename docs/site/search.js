// SPDX-License-Identifier: Apache-2.0
// The search of the site, in place of MkDocs's own, which asks a server. The index is loaded when it is first needed.
(function () {
  "use strict";
  var folder = document.currentScript.src.replace(/[^/]*$/, "");
  var most = 20, index = null, loading = false, documents = {};

  function load(name, then) {
    var script = document.createElement("script");
    script.src = folder + name;
    script.onload = then;
    document.head.appendChild(script);
  }

  function build() {
    index = lunr(function () {
      this.field("title", {boost: 10});
      this.field("text");
      this.ref("location");
      searchIndex.docs.forEach(function (page) {
        this.add(page);
        documents[page.location] = page;
      }, this);
    });
  }

  function entry(page) {
    var article = document.createElement("article"), heading = document.createElement("h3"), link = document.createElement("a");
    var text = document.createElement("p");
    link.href = base_url.replace(/\/$/, "") + "/" + page.location;
    link.innerHTML = page.title;  // the index holds it escaped
    text.innerHTML = page.text.substring(0, 200);
    heading.appendChild(link);
    article.append(heading, text);
    return article;
  }

  function found(query) {
    try {
      return index.search(query);
    } catch (error) {  // half-typed operators
      return [];
    }
  }

  function show(query) {
    var results = document.getElementById("mkdocs-search-results");
    results.textContent = "";
    if (query.length < 3) return;
    if (index === null) {
      if (!loading) load("lunr.js", function () { load("search_index.js", function () { build(); update(); }); });
      loading = true;
      return;
    }
    var pages = found(query).slice(0, most).map(function (result) { return documents[result.ref]; });
    if (pages.length === 0) results.textContent = "Nothing found.";
    pages.forEach(function (page) { results.appendChild(entry(page)); });
  }

  function update() {
    show(document.getElementById("mkdocs-search-query").value.trim());
  }

  document.addEventListener("DOMContentLoaded", function () {
    var input = document.getElementById("mkdocs-search-query");
    if (input) input.addEventListener("input", update);
  });
})();
