// The verbs of the program. Each add_* function lives in the file of its verb, declares the
// subcommand with its flags on `app`, and sets a callback that does the work and stores the exit
// status: 0 success, 1 failed check or run. Errors are thrown.
#pragma once

namespace CLI {
class App;
}

namespace lapidary::cli {

void add_bench(CLI::App& app, int& exit_status);
void add_doctor(CLI::App& app, int& exit_status);
void add_eval(CLI::App& app, int& exit_status);
void add_generate(CLI::App& app, int& exit_status);
void add_init(CLI::App& app, int& exit_status);
void add_inspect(CLI::App& app, int& exit_status);
void add_parity(CLI::App& app, int& exit_status);
void add_render(CLI::App& app, int& exit_status);
void add_report(CLI::App& app, int& exit_status);
void add_score(CLI::App& app, int& exit_status);
void add_sft(CLI::App& app, int& exit_status);
void add_tokenize(CLI::App& app, int& exit_status);
void add_train(CLI::App& app, int& exit_status);

}  // namespace lapidary::cli
