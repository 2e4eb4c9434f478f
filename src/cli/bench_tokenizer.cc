// The suite tokenizer: our tokenizer on made-up text, single-threaded, and Hugging Face's on the
// same text in a child process, where a Python with the package tokenizers is found.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/bench.h"
#include "cli/bench_text.h"
#include "tokenizer/stream_decoder.h"
#include "tokenizer/tokenizer.h"

namespace lapidary::cli {
namespace {

namespace fs = std::filesystem;
using tokenizer::SkipSpecial;
using tokenizer::SpecialTokens;
using tokenizer::Tokenizer;

constexpr size_t kTextBytes = 10'000'000;
constexpr int kRepetitions = 5;

// argv: tokenizer.json, documents (a JSON array), result. Exit status 3: no package tokenizers.
constexpr const char* kPythonScript = R"(
import json, os, sys, time
os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
try:
    import tokenizers
except ImportError:
    sys.exit(3)
documents = json.load(open(sys.argv[2], encoding="utf-8"))
def timed(body, repetitions):
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        result = body()
        times.append(1000 * (time.perf_counter() - start))
    return times, result
load_ms, tokenizer = timed(lambda: tokenizers.Tokenizer.from_file(sys.argv[1]), 3)
encode = lambda: [tokenizer.encode(d, add_special_tokens=False).ids for d in documents]
encode_ms, ids = timed(encode, 3)
decode_ms, _ = timed(lambda: [tokenizer.decode(i, skip_special_tokens=False) for i in ids], 3)
json.dump({"version": tokenizers.__version__, "num_ids": sum(map(len, ids)), "load_ms": load_ms,
           "encode_ms": encode_ms, "decode_ms": decode_ms}, open(sys.argv[3], "w"))
)";

struct OtherFigures {
  std::string name;
  int64_t num_ids;
  double load_ms, encode_ms, decode_ms;  // medians
};

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "lapidary-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      fail(ErrorKind::kIo, "cannot create a temporary folder ", name, ": ", last_os_error());
    }
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

// The exit status of a program found by PATH; 127 when it cannot be started.
int run_program(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (::posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) {
    return 127;
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return 127;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

double median_of(const JsonObject& figures, const char* key) {
  return summarize_times(figures.at(key).get<std::vector<double>>()).median_ms;
}

std::optional<OtherFigures> measure_hugging_face(const std::string& tokenizer_path,
                                                 const std::vector<std::string>& documents) {
  const char* named = std::getenv("LAPIDARY_PYTHON");
  const std::string python = named != nullptr ? named : "python3";
  const TemporaryFolder folder;
  write_file_atomically(folder.file("documents.json"), dump_json(Json(documents)));
  log_info(cat("bench tokenizer: measuring Hugging Face tokenizers with ", python));
  const int status = run_program({python, "-c", kPythonScript, tokenizer_path,
                                  folder.file("documents.json"), folder.file("result.json")});
  if (status != 0) {
    constexpr int kNoPackage = 3;
    constexpr int kNoProgram = 127;
    const char* reason = status == kNoPackage   ? "it has no package tokenizers"
                         : status == kNoProgram ? "it cannot be started"
                                                : "the measurement failed";
    log_warning(cat("bench tokenizer: nothing to compare with: ", python, ": ", reason,
                    "; LAPIDARY_PYTHON names another Python"));
    return std::nullopt;
  }
  const Json json = read_json_file(folder.file("result.json"));
  const JsonObject figures(json, "the measurement of Hugging Face tokenizers");
  return OtherFigures{"Hugging Face tokenizers " + figures.get_string("version"),
                      figures.get_int("num_ids"), median_of(figures, "load_ms"),
                      median_of(figures, "encode_ms"), median_of(figures, "decode_ms")};
}

std::string own_tokenizer_path() {
  constexpr const char* kInProject = "assets/tiny/tokenizer.json";
  fs::path folder = fs::read_symlink("/proc/self/exe").parent_path();
  for (int levels = 0; levels < 4; ++levels) {
    if (fs::exists(folder / kInProject)) return (folder / kInProject).string();
    folder = folder.parent_path();
  }
  fail(ErrorKind::kNotFound, "cannot find ", kInProject,
       " above this program; name a tokenizer with --tokenizer");
}

class Measurement {
 public:
  Measurement(std::string path, const std::vector<std::string>& documents)
      : path_(std::move(path)), documents_(documents), tokenizer_(Tokenizer::load(path_)) {
    for (const std::string& document : documents_) {
      text_ += document;
      ids_.push_back(tokenizer_.encode(document, SpecialTokens::kNone));
      num_ids_ += static_cast<int64_t>(ids_.back().size());
    }
  }

  int64_t num_ids() const { return num_ids_; }

  std::vector<BenchRow> rows(const std::optional<OtherFigures>& other) {
    const auto file_bytes = static_cast<double>(fs::file_size(path_));
    const auto text_bytes = static_cast<double>(text_.size());
    const std::string documents = cat(documents_.size(), " documents");
    std::vector<BenchRow> out;
    const auto add = [&](const char* name, const std::string& shape, double bytes,
                         const std::function<void()>& body, const double OtherFigures::*theirs) {
      BenchRow row{name, shape, "utf8", "cpu", time_runs(kRepetitions, body), 0, "MB/s", {}, ""};
      row.achieved = bytes / 1000 / row.times.median_ms;
      if (other && theirs != nullptr) {
        row.limit = bytes / 1000 / ((*other).*theirs);
        row.limit_name = other->name;
      }
      out.push_back(std::move(row));
    };
    add(
        "tokenizer load", cat(tokenizer_.vocab_size(), " tokens"), file_bytes,
        [&] { Tokenizer::load(path_); }, &OtherFigures::load_ms);
    add(
        "tokenizer encode", documents, text_bytes, [&] { encode_documents(); },
        &OtherFigures::encode_ms);
    add(
        "tokenizer encode, one text", "1 document", text_bytes,
        [&] { tokenizer_.encode(text_, SpecialTokens::kNone); }, nullptr);
    add(
        "tokenizer decode", documents, text_bytes, [&] { decode_documents(); },
        &OtherFigures::decode_ms);
    add(
        "tokenizer decode, streaming", documents, text_bytes, [&] { stream_documents(); }, nullptr);
    return out;
  }

 private:
  void encode_documents() const {
    for (const std::string& document : documents_) {
      tokenizer_.encode(document, SpecialTokens::kNone);
    }
  }
  void decode_documents() const {
    for (const auto& ids : ids_) tokenizer_.decode(ids, SkipSpecial::kNo);
  }
  void stream_documents() const {
    for (const auto& ids : ids_) {
      tokenizer::StreamDecoder stream(tokenizer_, SkipSpecial::kNo);
      for (const int32_t id : ids) stream.push(id);
      stream.flush();
    }
  }

  std::string path_;
  const std::vector<std::string>& documents_;
  Tokenizer tokenizer_;
  std::string text_;
  std::vector<std::vector<int32_t>> ids_;  // of each document
  int64_t num_ids_ = 0;
};

}  // namespace

std::vector<BenchRow> bench_tokenizer(const BenchFlags& flags) {
  std::string path = flags.tokenizer.empty() ? own_tokenizer_path() : flags.tokenizer;
  if (fs::is_directory(path)) path = (fs::path(path) / "tokenizer.json").string();
  const std::vector<std::string> documents = mixed_documents(kTextBytes);
  Measurement measurement(path, documents);
  const std::optional<OtherFigures> other = measure_hugging_face(path, documents);
  if (other && other->num_ids != measurement.num_ids()) {
    fail(ErrorKind::kInternal, "bench tokenizer: ", measurement.num_ids(), " ids where ",
         other->name, " gives ", other->num_ids);
  }
  return measurement.rows(other);
}

}  // namespace lapidary::cli
