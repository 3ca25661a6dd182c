// SPDX-License-Identifier: Apache-2.0
// Browsers start no worker for a page from disk: there the search of the site runs in a hidden frame instead.
if (location.protocol === "file:") {
  window.IFrameWorker = window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.srcdoc = "<!doctype html><title>worker</title>";
      this.started = new Promise(resolve => { frame.onload = resolve; }).then(() => this.#start(frame, String(url)));
      document.documentElement.append(frame);
    }

    async #start(frame, url) {
      const inside = frame.contentWindow;
      const load = source => new Promise((resolve, reject) => {
        const script = inside.document.createElement("script");
        script.src = source;
        script.onload = resolve;
        script.onerror = () => reject(new Error("cannot load " + source));
        inside.document.head.append(script);
      });
      inside.importScripts = async (...sources) => { for (const source of sources) await load(source); };
      inside.postMessage = data => this.dispatchEvent(new MessageEvent("message", {data}));
      await load(url);
      return inside;
    }

    postMessage(data) {
      this.started.then(inside => inside.dispatchEvent(new inside.MessageEvent("message", {data})));
    }
  };
}
