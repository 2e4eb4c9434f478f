// Any text as config.json: it is read or refused with an Error. What is read is written and read
// again equally, and its table of tensors can be made and counted.
#include <cstdint>

#include "base/check.h"
#include "base/log.h"
#include "model/gemma4/hf_names.h"

using lapidary::model::Gemma4Config;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lapidary::set_log_level(lapidary::LogLevel::kError);
  try {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const Gemma4Config config = Gemma4Config::from_json(lapidary::parse_json(text, "fuzz"), "fuzz");
    const Gemma4Config again = Gemma4Config::from_json(config.to_json(), "again");
    LAPIDARY_CHECK(again == config, dump_json(config.to_json()));
    if (config.num_hidden_layers > 64) return 0;  // slow, and no different
    const auto counts = count_parameters(config);
    LAPIDARY_CHECK(counts.total > 0 && counts.active > 0 && counts.active <= counts.total,
                   counts.total);
    LAPIDARY_CHECK(!match_tensors(config, {}).problems.empty(), "no tensor is missed");
  } catch (const lapidary::Error& error) {
    if (error.kind() == lapidary::ErrorKind::kInternal) throw;
  }
  return 0;
}
