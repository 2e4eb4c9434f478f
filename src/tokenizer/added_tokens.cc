#include "tokenizer/added_tokens.h"

#include <algorithm>
#include <numeric>

#include "tokenizer/utf8.h"

namespace lapidary::tokenizer {
namespace {

size_t trailing_white_space(std::string_view text) {
  size_t kept = text.size();
  while (kept > 0) {
    const CodePoint last = last_code_point(text.substr(0, kept));
    if (!is_white_space(last.value)) break;
    kept -= last.num_bytes;
  }
  return text.size() - kept;
}

size_t leading_white_space(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const CodePoint next = code_point_at(text, at);
    if (!is_white_space(next.value)) break;
    at += next.num_bytes;
  }
  return at;
}

}  // namespace

AddedTokenMatcher::AddedTokenMatcher(const std::vector<AddedToken>& tokens) {
  for (const AddedToken& token : tokens) {
    tokens_.push_back({token.id, token.strips_left, token.strips_right});
  }
  std::vector<size_t> order(tokens.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return tokens[a].content < tokens[b].content; });
  // Level by level: a node is the contents order[begin, end) that share their first `depth` bytes.
  struct Work {
    size_t begin, end, depth;
  };
  std::vector<Work> work = {{0, order.size(), 0}};  // one for each node, in the order of nodes_
  nodes_.emplace_back();
  for (size_t index = 0; index < work.size(); ++index) {
    auto [begin, end, depth] = work[index];
    Node node;
    node.first_edge = static_cast<uint32_t>(edges_.size());
    for (; begin < end && tokens[order[begin]].content.size() == depth; ++begin) {
      if (node.token < 0) node.token = static_cast<int32_t>(order[begin]);
    }
    while (begin < end) {
      const char byte = tokens[order[begin]].content[depth];
      size_t stop = begin;
      while (stop < end && tokens[order[stop]].content[depth] == byte) ++stop;
      edges_.push_back({static_cast<unsigned char>(byte), static_cast<uint32_t>(nodes_.size())});
      nodes_.emplace_back();
      work.push_back({begin, stop, depth + 1});
      begin = stop;
    }
    node.num_edges = static_cast<uint32_t>(edges_.size()) - node.first_edge;
    nodes_[index] = node;
  }
  for (uint32_t i = 0; i < nodes_[0].num_edges; ++i)
    root_children_[edges_[i].byte] = edges_[i].node;
}

uint32_t AddedTokenMatcher::child(uint32_t node, unsigned char byte) const {
  const Edge* edge = edges_.data() + nodes_[node].first_edge;
  const Edge* end = edge + nodes_[node].num_edges;
  for (; edge != end; ++edge) {
    if (edge->byte == byte) return edge->node;
  }
  return 0;
}

AddedTokenMatcher::Match AddedTokenMatcher::longest_at(std::string_view text) const {
  Match best{0, -1};
  uint32_t node = root_children_[static_cast<unsigned char>(text[0])];
  for (size_t depth = 1; node != 0; ++depth) {
    if (nodes_[node].token >= 0) best = {depth, nodes_[node].token};
    if (depth == text.size()) break;
    node = child(node, static_cast<unsigned char>(text[depth]));
  }
  return best;
}

void AddedTokenMatcher::split(std::string_view text, std::vector<Stretch>& out) const {
  size_t done = 0;
  size_t white_end = 0;  // where the last white space that was stripped ends
  for (size_t at = 0; at < text.size();) {
    if (root_children_[static_cast<unsigned char>(text[at])] == 0) {
      ++at;
      continue;
    }
    const Match match = longest_at(text.substr(at));
    if (match.token < 0) {
      ++at;
      continue;
    }
    const Token& token = tokens_[static_cast<size_t>(match.token)];
    size_t begin = at;
    size_t end = at + match.num_bytes;
    at = end;  // white space that is stripped may still begin the next token
    if (token.strips_left && done < begin) {
      begin -= trailing_white_space(text.substr(done, begin - done));
    }
    if (token.strips_right) {
      // Tokens that are white space themselves may lie in one run: it is walked once.
      if (end > white_end) white_end = end + leading_white_space(text.substr(end));
      end = white_end;
    }
    if (done < begin) out.push_back({text.substr(done, begin - done), -1});
    out.push_back({{}, token.id});
    done = end;
  }
  if (done < text.size()) out.push_back({text.substr(done), -1});
}

}  // namespace lapidary::tokenizer
