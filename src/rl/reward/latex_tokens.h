// The tokens of LaTeX source, one at a time from any position.
#pragma once

#include "rl/text/python_text.h"

namespace lapidary::rl {

struct LatexToken {
  enum class Kind {
    kCharacter,
    kCommand,
    kOpen,   // '{', or '[' where that opens
    kClose,  // '}', or ']' where that closes
    kMath,   // \( \) \[ \]
    kBegin,  // \begin{text}
    kEnd,    // \end{text}
    kSpecial,
    kNone,  // the end of the source
  };
  Kind kind = Kind::kNone;
  Text text;
  size_t begin = 0;
  size_t end = 0;
  Text pre_space;   // of kNone: what stands before the end
  Text post_space;  // behind a command of letters
};

enum class Brackets { kCharacters, kBraces };
enum class Environments { kCommands, kTokens };

LatexToken next_latex_token(TextView source, size_t at, Brackets brackets,
                            Environments environments);

}  // namespace lapidary::rl
