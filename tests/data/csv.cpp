// SPDX-License-Identifier: Apache-2.0
#include <mao/data/csv.hpp>

#include <mao/core/error.hpp>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>
#include <tuple>

TEST_CASE("a table with splits, by comma or tab, columns in any order", "[csv]") {
  const auto commas = mao::parse_csv(
      "path,label,classname,split\n1.jpg,0,\"cat, black\",train\n2.jpg,1,dog,train\n3.jpg,0,\"cat, black\",test\n", "r",
      "t");
  const auto tabs = mao::parse_csv(
      "\xef\xbb\xbfsplit\tclassname\tpath\tlabel\r\ntrain\tcat, black\t1.jpg\t0\r\ntrain\tdog\t2.jpg\t1\r\ntest\tcat, "
      "black\t3.jpg\t0\r\n",
      "r", "t");
  CHECK(commas == tabs);
  CHECK(commas.classes.names == std::vector<std::string>{"cat, black", "dog"});
  CHECK(commas.test == std::vector<mao::Item>{{"3.jpg", 0}});
}

TEST_CASE("a table without splits is split; its paths are relative to its folder", "[csv]") {
  const mao_test::TemporaryFolder folder;
  std::string text = "path,label,classname\n";
  for (int i = 0; i < 10; ++i) text += std::to_string(i) + ".jpg,0,a\n";
  const auto dataset = mao::read_csv(folder.write("t.csv", text));
  CHECK(dataset.root == folder.path());
  CHECK(dataset.train.size() == 5);
  CHECK(dataset.val.size() == 2);
  CHECK(dataset.test.size() == 3);
}

TEST_CASE("without labels the classes are sorted by name, as those of a folder", "[csv]") {
  const auto named = mao::parse_csv(
      "path,classname,split\n1.jpg,dog,train\n2.jpg,Cat,train\n3.jpg,ant,train\n4.jpg,Cat,test\n", "r", "t");
  CHECK(named.classes.names == std::vector<std::string>{"Cat", "ant", "dog"});
  CHECK(named.train == std::vector<mao::Item>{{"1.jpg", 2}, {"2.jpg", 0}, {"3.jpg", 1}});
  CHECK(named.test == std::vector<mao::Item>{{"4.jpg", 0}});
  std::string with, without;
  for (const char* name : {"b", "a"}) {
    for (int i = 0; i < 6; ++i) {
      const std::string path = name + std::to_string(i) + ".jpg";
      with += path + (*name == 'a' ? ",0," : ",1,") + name + "\n";
      without += path + "," + name + "\n";
    }
  }
  CHECK(mao::parse_csv("path,classname\n" + without, "r", "t") ==
        mao::parse_csv("path,label,classname\n" + with, "r", "t"));
  CHECK_THROWS_WITH(mao::parse_csv("path,classname,split\n1,a_b,train\n2,A b,train\n3,a_b,test\n", "r", "t"),
                    ContainsSubstring("'A b' and 'a_b', are both 'a b' in a prompt"));
  CHECK_THROWS_WITH(mao::parse_csv("path,classname,split\n1,a,train\n2,b,test\n", "r", "t"),
                    ContainsSubstring("'b' (label 1) has no training image"));
}

TEST_CASE("blanks around the separators belong to no name", "[csv]") {
  const auto spaced =
      mao::parse_csv("path, classname , split\n1.jpg, grey cat , train\n2.jpg, grey cat,test\n", "r", "t");
  CHECK(spaced == mao::parse_csv("path,classname,split\n1.jpg,grey cat,train\n2.jpg,grey cat,test\n", "r", "t"));
}

TEST_CASE("bad tables are refused with the line", "[csv]") {
  const std::string header = "path,label,classname,split\n";
  const std::vector<std::tuple<std::string, std::string>> cases{
      {"", "the table is empty"},
      {"path,label\n", "there is no column 'classname'"},
      {"path;classname\n", "and is 'path;classname', separated by semicolons; save it with commas or tabs"},
      {"1.jpg,cat\n2.jpg,dog\n", "and is '1.jpg,cat'"},
      {"path,classname,\n1.jpg,cat,\n", "line 1: a column of the first line has no name"},
      {"path,classname\n", "there are no rows below the first line"},
      {"file,classname\n", "there is no column 'path'"},
      {header + "1.jpg,0,a,train\n1.jpg,0,a\n", "line 3: 3 fields; expected 4"},
      {header + "1.jpg,zero,a,train\n", "line 2: the label is 'zero'"},
      {header + "1.jpg,-1,a,train\n", "line 2: the label is '-1'"},
      {header + "1.jpg,99999999999999999999,a,train\n", "line 2: the label is"},
      {header + ",0,a,train\n", "line 2: the path is empty"},
      {header + "1.jpg,0,a,dev\n", "line 2: the split is 'dev'"},
      {header + "1.jpg,0,a,train\n2.jpg,1,,train\n", "line 3: the class name is empty"},
      {header + "1.jpg,0,_ ,train\n", "line 2: the class name is empty"},
      {header + "1.jpg,0,a,train\n2.jpg,1,ros\xE9,train\n", "line 3: '2.jpg,1,ros\\xE9,train' holds the byte xE9"},
      {header + std::string("1.jpg\0.gif,0,a,train\n", 22), "line 2: '1.jpg\\x00.gif"},
      {std::string("\xFF\xFEp\0", 4), "the text is UTF-16; save it as UTF-8"},
  };
  for (const auto& [text, message] : cases) {
    CHECK_THROWS_WITH(mao::parse_csv(text, "r", "t.csv"), ContainsSubstring(message) && ContainsSubstring("t.csv"));
    CHECK_THROWS_AS(mao::parse_csv(text, "r", "t.csv"), mao::FormatError);
  }
  CHECK_THROWS_AS(mao::parse_csv("path,label,classname\n1,0,a\n2,0,b\n", "r", "t"), mao::DataError);
}

TEST_CASE("a column that stands in the header twice is refused", "[csv]") {
  CHECK_THROWS_WITH(mao::parse_csv("path,label,label,classname\na.jpg,0,1,cat\n", "root", "t.csv"),
                    ContainsSubstring("the column 'label' occurs twice"));
}

TEST_CASE("without a split, another column is refused, as it may be the split under another name", "[csv]") {
  for (const std::string name : {"Split", "set", "note"}) {
    CHECK_THROWS_WITH(mao::parse_csv("path,label,classname," + name + "\n1.jpg,0,a,train\n", "r", "t.csv"),
                      ContainsSubstring("t.csv: line 1: the column '" + name + "' may be the split under another"));
  }
  CHECK_NOTHROW(mao::parse_csv(",path,classname,split\n0,1.jpg,a,train\n1,2.jpg,a,test\n", "r", "t"));  // by pandas
  const mao::Dataset dataset = mao::parse_csv(
      "note,path,label,classname,split\n,1.jpg,0,a,train\nx,2.jpg,1,b,train\n,3.jpg,0,a,test\n,4.jpg,1,b,test\n", "r",
      "t.csv");
  CHECK(dataset.train.size() == 2);
  CHECK(dataset.test.size() == 2);
}

TEST_CASE("an image has one label, and is trained on or tested", "[csv]") {
  const std::string header = "path,label,classname,split\n";
  const std::string rest = "1.jpg,0,a,train\n2.jpg,1,b,train\n3.jpg,0,a,test\n";
  CHECK_NOTHROW(mao::parse_csv(header + rest + "1.jpg,0,a,train\n", "r", "t"));  // twice as often, as CoOp takes it
  CHECK_THROWS_WITH(mao::parse_csv(header + rest + "1.jpg,1,b,train\n", "r", "t.csv"),
                    ContainsSubstring("t.csv: 1.jpg is listed as 'a' and as 'b'"));
  CHECK_THROWS_WITH(mao::parse_csv(header + rest + "./2.jpg,1,b,test\n", "r", "t.csv"),
                    ContainsSubstring("./2.jpg is in train (as 'b') and in test"));
  CHECK_THROWS_WITH(mao::parse_csv("path,label,classname\n1.jpg,0,a\n2.jpg,0,a\n1.jpg,0,a\n", "r", "t.csv"),
                    ContainsSubstring("1.jpg is listed twice"));
}

TEST_CASE("classes that are one in a prompt are refused, both named", "[csv]") {
  CHECK_THROWS_WITH(
      mao::parse_csv("path,label,classname,split\n1,0,red_thing,train\n2,1,Red thing,train\n3,0,red_thing,test\n", "r",
                     "t"),
      ContainsSubstring("'red_thing' and 'Red thing', are both 'red thing' in a prompt"));
}

TEST_CASE("a table from Windows gives the data set that the same table with slashes gives", "[csv]") {
  const mao_test::TemporaryFolder folder;
  std::string slashes = "path,label,classname\n", backslashes = "path,label,classname\r\n";
  for (const std::string name : {"a", "b"}) {
    std::filesystem::create_directories(folder / name);
    for (int i = 0; i < 6; ++i) {
      const std::string file = std::to_string(i) + ".jpg", end = name == "a" ? ",0,a" : ",1,b";
      folder.write(name + "/" + file, "x");
      slashes += name + "/" + file + end + "\n";
      backslashes += name + "\\" + file + end + "\r\n";
    }
  }
  CHECK(mao::read_csv(folder.write("w.csv", backslashes)) == mao::read_csv(folder.write("s.csv", slashes)));
}
