#include "cli/tiny_checkpoint.h"

#include <filesystem>

#include "base/check.h"
#include "base/json.h"
#include "cli/program.h"

namespace lapidary::test {

TinyCheckpoint::TinyCheckpoint(int max_positions) : folder_(scratch_.file("tiny")) {
  namespace fs = std::filesystem;
  const std::string side_files = scratch_.file("side-files");
  fs::create_directory(side_files);
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "generation_config.json"}) {
    fs::copy_file(project_path(cat("assets/tiny/", name)), side_files + "/" + name);
  }
  write_text(side_files + "/chat_template.jinja",
             "{{ bos_token }}{% for m in messages %}<|turn>{{ m.role }}\n{{ m.content }}<turn|>\n"
             "{% endfor %}{% if tools %}{{ tools[0].name }}{% endif %}"
             "{% if add_generation_prompt %}<|turn>model\n{% endif %}");
  Json config = read_json_file(project_path("assets/tiny/config.json"));
  if (max_positions > 0) config["max_position_embeddings"] = max_positions;
  write_text(scratch_.file("config.json"), dump_json(config));
  const ProgramResult made =
      run_program({"init", "--config", scratch_.file("config.json"), "--tokenizer", side_files,
                   "--output", folder_, "--seed", "3"});
  LAPIDARY_CHECK(made.status == 0, made.err);
}

std::string fixture_folder(const std::string& name) {
  return project_path("tests/data/gemma4-fixtures/" + name);
}

}  // namespace lapidary::test
