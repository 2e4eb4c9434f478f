#include "rl/reward/latex_text.h"

#include <algorithm>
#include <array>

#include "rl/reward/latex_nodes.h"
#include "rl/reward/latex_symbols.h"

namespace lapidary::rl {

namespace {

using Kind = LatexNode::Kind;

constexpr std::array<TextView, 6> kMatrices = {U"array",       U"pmatrix",      U"bmatrix",
                                               U"smallmatrix", U"psmallmatrix", U"bsmallmatrix"};
constexpr std::array<TextView, 12> kEquations = {
    U"equation", U"equation*", U"eqnarray", U"eqnarray*", U"align", U"align*",
    U"multline", U"multline*", U"gather",   U"gather*",   U"dmath", U"dmath*"};
constexpr std::array<TextView, 3> kBlocks = {U"center", U"flushleft", U"flushright"};

template <typename Table>
bool is_one_of(const Table& table, TextView name) {
  return std::find(table.begin(), table.end(), name) != table.end();
}

class Printer {
 public:
  bool has_failed() const { return has_failed_; }

  Text print(const LatexNodes& nodes) {
    Text out;
    const LatexNode* previous = nullptr;
    for (const LatexNode& node : nodes) {
      // Spaces behind a bare command are TeX's to eat, but in equations they are kept.
      if (is_in_equation_ && previous != nullptr && is_bare_command(*previous) &&
          node.kind == Kind::kCharacters) {
        out += previous->post_space;
      }
      out += print(node);
      previous = &node;
    }
    return out;
  }

 private:
  static bool is_bare_command(const LatexNode& node) {
    return node.kind == Kind::kCommand && std::none_of(node.arguments.begin(), node.arguments.end(),
                                                       [](const auto& a) { return a.has_value(); });
  }

  Text print(const LatexNode& node) {
    switch (node.kind) {
      case Kind::kCharacters:
        return is_in_equation_ && strip(node.text).empty() ? Text() : node.text;
      case Kind::kGroup:
        return print(node.children);
      case Kind::kCommand:
        return command(node);
      case Kind::kEnvironment:
        return environment(node);
      case Kind::kSpecial:
        return special(node.text);
      case Kind::kMath:
        return math(node.children, node.is_display);
    }
    return {};
  }

  static Text special(const Text& name) {
    if (name == U"&") {
      return U"   ";
    }
    const std::array<std::pair<TextView, char32_t>, 7> kCharacters = {{{U"~", 0xA0},
                                                                       {U"``", 0x201C},
                                                                       {U"''", 0x201D},
                                                                       {U"--", 0x2013},
                                                                       {U"---", 0x2014},
                                                                       {U"!`", 0xA1},
                                                                       {U"?`", 0xBF}}};
    for (const auto& [special, code] : kCharacters) {
      if (special == name) {
        return Text(1, code);
      }
    }
    return name;
  }

  Text math(const LatexNodes& nodes, bool is_display) {
    const bool before = is_in_equation_;
    is_in_equation_ = true;
    const Text content(strip(print(nodes)));
    is_in_equation_ = before;
    return is_display ? U"\n    " + replace_all(content, U"\n", U"\n    ") + U"\n" : content;
  }

  Text environment(const LatexNode& node) {
    if (is_one_of(kMatrices, node.text)) {
      return matrix(node.children);
    }
    if (is_one_of(kEquations, node.text)) {
      return math(node.children, true);
    }
    const Text body = print(node.children);
    return is_one_of(kBlocks, node.text) ? U"\n" + body + U"\n" : body;
  }

  // "[ a b; c d ]", every cell as wide as the widest.
  Text matrix(const LatexNodes& nodes) {
    std::vector<std::vector<Text>> rows(1);
    LatexNodes cell;
    const auto end_cell = [&] {
      if (!cell.empty()) {
        rows.back().push_back(Text(strip(print(cell))));
      }
      cell.clear();
    };
    for (const LatexNode& node : nodes) {
      if (node.kind == Kind::kSpecial && node.text == U"&") {
        end_cell();
      } else if (node.kind == Kind::kCommand && node.text == U"\\") {
        end_cell();
        rows.emplace_back();
      } else {
        cell.push_back(node);
      }
    }
    end_cell();
    size_t width = 0;
    bool has_cells = false;
    for (const std::vector<Text>& row : rows) {
      for (const Text& text : row) {
        width = std::max(width, text.size());
        has_cells = true;
      }
    }
    has_failed_ = has_failed_ || !has_cells;  // the reference takes the maximum of nothing
    Text out = U"[ ";
    for (size_t i = 0; i < rows.size(); ++i) {
      out += i == 0 ? U"" : U"; ";
      for (size_t j = 0; j < rows[i].size(); ++j) {
        out += j == 0 ? U"" : U" ";
        out += Text(width - rows[i][j].size(), U' ') + rows[i][j];
      }
    }
    return out + U" ]";
  }

  Text argument(const LatexNode& node, size_t index) {
    const auto& found = node.arguments[index];
    if (!found) {
      return {};
    }
    return found->kind == Kind::kGroup ? print(found->children) : print(*found);
  }

  Text command(const LatexNode& node) {
    if (const char32_t combining = latex_accent(node.text)) {
      return accented(node, combining);
    }
    if (is_letter_style(node.text)) {
      Text out;
      for (const char32_t c : node.arguments.empty() ? Text() : argument(node, 0)) {
        out.push_back(styled_letter(node.text, c));
      }
      return out;
    }
    if (node.text == U"texorpdfstring") {
      return node.arguments.size() == 2 ? argument(node, 1) : Text();
    }
    if (node.text == U"item") {
      const bool has_mark = !node.arguments.empty() && node.arguments[0].has_value();
      return U"\n  " + (has_mark ? argument(node, 0) : U"* ");
    }
    const LatexTemplate known = latex_template(node.text);
    if (known.is_known) {
      return fill(known, node);
    }
    const char32_t symbol = latex_symbol(node.text);
    return symbol != 0 ? Text(1, symbol) : Text();
  }

  Text accented(const LatexNode& node, char32_t combining) {
    const Text base = node.arguments.empty() ? Text(U" ") : Text(strip(argument(node, 0)));
    Text out;
    for (char32_t c : base) {
      c = c == 0x131 ? U'i' : c == 0x237 ? U'j' : c;  // dotless i and j
      out += compose(c, combining);
    }
    return out;
  }

  Text fill(const LatexTemplate& known, const LatexNode& node) {
    const Text pattern = decode_utf8(known.text);
    if (contains(pattern, U"%") && node.arguments.empty()) {
      if (known.missing == LatexTemplate::Missing::kEmpty) {
        return {};
      }
      has_failed_ = has_failed_ || known.missing == LatexTemplate::Missing::kStrict;
      return replace_all(replace_all(pattern, U"%1", U"%s"), U"%2", U"%s");
    }
    Text out;
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] == U'%') {
        out += argument(node, pattern[++i] - U'1');
      } else {
        out.push_back(pattern[i]);
      }
    }
    return out;
  }

  bool is_in_equation_ = false;
  bool has_failed_ = false;
};

}  // namespace

std::optional<Text> latex_to_text(TextView latex) {
  const std::optional<LatexNodes> nodes = parse_latex(latex);
  if (!nodes) {
    return std::nullopt;
  }
  Printer printer;
  Text text = printer.print(*nodes);
  if (printer.has_failed()) {
    return std::nullopt;
  }
  return text;
}

}  // namespace lapidary::rl
