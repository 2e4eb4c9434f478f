#include "rl/reward/latex_nodes.h"

#include "rl/reward/latex_symbols.h"
#include "rl/reward/latex_tokens.h"

namespace lapidary::rl {

namespace {

using Kind = LatexNode::Kind;
using TokenKind = LatexToken::Kind;

constexpr int kMaxDepth = 150;

// What ends the list of nodes that is being read; empty texts end nothing.
struct Stop {
  Text brace = {};
  Text environment = {};
  Text math = {};
};

class Parser {
 public:
  explicit Parser(TextView source) : source_(source) {}

  bool is_too_deep() const { return is_too_deep_; }

  LatexNodes nodes(size_t& at, const Stop& stop) {
    LatexNodes out;
    if (++depth_ > kMaxDepth) {
      is_too_deep_ = true;
      at = source_.size();
    }
    Text characters;
    const Brackets brackets = stop.brace == U"]" ? Brackets::kBraces : Brackets::kCharacters;
    while (true) {
      const LatexToken token = next_latex_token(source_, at, brackets, Environments::kTokens);
      if (token.kind == TokenKind::kNone) {
        characters += token.pre_space;
        break;
      }
      at = token.end;
      if (token.kind == TokenKind::kCharacter) {
        characters += token.pre_space + token.text;
        continue;
      }
      characters += token.pre_space;
      flush(characters, out);
      if (is_stop(token, stop)) {
        break;
      }
      read(token, at, out);
    }
    flush(characters, out);
    --depth_;
    return out;
  }

 private:
  static void flush(Text& characters, LatexNodes& out) {
    if (!characters.empty()) {
      LatexNode node;
      node.text = std::move(characters);
      out.push_back(std::move(node));
      characters.clear();
    }
  }

  static bool is_stop(const LatexToken& token, const Stop& stop) {
    switch (token.kind) {
      case TokenKind::kClose:
        return token.text == stop.brace;
      case TokenKind::kEnd:
        return token.text == stop.environment;
      case TokenKind::kMath:
        return token.text == stop.math;
      default:
        return false;
    }
  }

  void read(const LatexToken& token, size_t& at, LatexNodes& out) {
    switch (token.kind) {
      case TokenKind::kOpen:
        out.push_back(group(token, at));
        break;
      case TokenKind::kMath:
        if (token.text == U"(" || token.text == U"[") {
          LatexNode node;
          node.kind = Kind::kMath;
          node.is_display = token.text == U"[";
          node.children = nodes(at, {.math = node.is_display ? U"]" : U")"});
          out.push_back(std::move(node));
        }
        break;
      case TokenKind::kBegin:
        out.push_back(environment(token, at));
        break;
      case TokenKind::kCommand:
        out.push_back(command(token, at));
        break;
      case TokenKind::kSpecial: {
        LatexNode node;
        node.kind = Kind::kSpecial;
        node.text = token.text;
        out.push_back(std::move(node));
        break;
      }
      default:
        break;  // a brace, an \end or a \) that closes nothing is skipped
    }
  }

  LatexNode group(const LatexToken& open, size_t& at) {
    LatexNode node;
    node.kind = Kind::kGroup;
    at = open.end;
    node.children = nodes(at, {.brace = open.text == U"[" ? U"]" : U"}"});
    return node;
  }

  LatexNode environment(const LatexToken& begin, size_t& at) {
    LatexNode node;
    node.kind = Kind::kEnvironment;
    node.text = begin.text;
    std::string_view wanted;
    if (begin.text == U"array") {
      wanted = "[{";
    } else if (begin.text == U"tabular" || begin.text == U"alignat" || begin.text == U"alignat*") {
      wanted = "{";
    }
    size_t behind = at;
    if (read_arguments(wanted, false, behind, node.arguments)) {
      at = behind;
    }
    node.children = nodes(at, {.environment = begin.text});
    return node;
  }

  LatexNode command(const LatexToken& token, size_t& at) {
    LatexNode node;
    node.kind = Kind::kCommand;
    node.text = token.text;
    node.post_space = token.post_space;
    size_t behind = at;
    if (read_arguments(latex_arguments(token.text), token.text == U"\\", behind, node.arguments)) {
      at = behind;
    } else {
      node.arguments.clear();
    }
    return node;
  }

  // False at the end of the source, with `at` and `arguments` in no particular state.
  bool read_arguments(std::string_view wanted, bool is_line_end, size_t& at,
                      std::vector<std::optional<LatexNode>>& arguments) {
    for (const char kind : wanted) {
      if (kind == '[' && is_line_end && at < source_.size() && is_space(source_[at])) {
        arguments.emplace_back();  // "\\ [" begins the next line
        continue;
      }
      const LatexToken token =
          next_latex_token(source_, at, kind == '[' ? Brackets::kBraces : Brackets::kCharacters,
                           kind == '*' ? Environments::kTokens : Environments::kCommands);
      if (token.kind == TokenKind::kNone) {
        if (kind != '[') {
          return false;
        }
        arguments.emplace_back();
      } else if (kind == '{') {
        arguments.push_back(expression(token, at));
      } else if (kind == '[' && token.kind == TokenKind::kOpen && token.text == U"[") {
        arguments.push_back(group(token, at));
      } else if (kind == '*' && token.kind == TokenKind::kCharacter && token.text == U"*") {
        LatexNode star;
        star.text = U"*";
        arguments.push_back(std::move(star));
        at = token.begin + 1;
      } else {
        arguments.emplace_back();
      }
    }
    return true;
  }

  // A single token or a group, as TeX takes an argument.
  LatexNode expression(const LatexToken& token, size_t& at) {
    LatexNode node;
    switch (token.kind) {
      case TokenKind::kOpen:
        return group(token, at);
      case TokenKind::kClose:
        at = token.begin;  // an empty argument; the brace is read again
        return node;
      case TokenKind::kCommand:
        if (token.text == U"end") {
          at = token.begin;
          return node;
        }
        node.kind = Kind::kCommand;
        node.post_space = token.post_space;
        break;
      case TokenKind::kMath:
        node.kind = Kind::kCommand;
        break;
      case TokenKind::kSpecial:
        node.kind = Kind::kSpecial;
        break;
      default:
        break;
    }
    node.text = token.kind == TokenKind::kMath ? U"\\" + token.text : token.text;
    at = token.end;
    return node;
  }

  TextView source_;
  int depth_ = 0;
  bool is_too_deep_ = false;
};

}  // namespace

std::optional<LatexNodes> parse_latex(TextView latex) {
  Parser parser(latex);
  size_t at = 0;
  LatexNodes nodes = parser.nodes(at, {});
  if (parser.is_too_deep()) {
    return std::nullopt;
  }
  return nodes;
}

}  // namespace lapidary::rl
