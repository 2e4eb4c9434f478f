// Added tokens: found in the text before anything else happens to it, leftmost and the longest at
// each place, as Hugging Face tokenizers' AddedVocabulary::find_matches does.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lapidary::tokenizer {

struct AddedToken {
  int32_t id = 0;
  std::string content;
  bool strips_left = false;    // takes the white space before it along
  bool strips_right = false;   // takes the white space after it along
  bool is_normalized = false;  // matched in the normalized text, not in the raw one
  bool is_special = false;     // dropped by SkipSpecial::kYes
};

// A part of a text: an added token, or what lies between two.
struct Stretch {
  std::string_view text;  // what lies between, never empty; empty for an added token
  int32_t added_id;       // -1: between added tokens
};

class AddedTokenMatcher {
 public:
  // Of equal contents the first counts. An empty one is never found.
  explicit AddedTokenMatcher(const std::vector<AddedToken>& tokens);

  // Longer contents are refused when the file is read: the time for one byte of text grows with
  // the longest content.
  static constexpr size_t kMaxContentBytes = 1024;

  // Appends the stretches of `text` (well-formed UTF-8) in order. An added token inside white space
  // that the one before it strips is found all the same, and text goes on behind it.
  void split(std::string_view text, std::vector<Stretch>& out) const;

 private:
  struct Node {
    uint32_t first_edge = 0;
    uint32_t num_edges = 0;
    int32_t token = -1;  // index into tokens_ of the content that ends here
  };
  struct Edge {
    unsigned char byte;
    uint32_t node;
  };
  struct Match {
    size_t num_bytes;
    int32_t token;  // -1: none
  };
  Match longest_at(std::string_view text) const;
  uint32_t child(uint32_t node, unsigned char byte) const;  // 0: none

  struct Token {
    int32_t id;
    bool strips_left, strips_right;
  };
  std::vector<Token> tokens_;
  std::vector<Node> nodes_;                    // 0 is the root
  std::vector<Edge> edges_;                    // those of one node side by side
  std::array<uint32_t, 256> root_children_{};  // by byte; 0: none
};

}  // namespace lapidary::tokenizer
