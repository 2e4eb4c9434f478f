#include "cli/inspection.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>

#include "base/check.h"

namespace lapidary::cli {
namespace {

namespace fs = std::filesystem;
using checkpoint::TensorInfo;
using model::Gemma4Config;

// Runs `step`; what it throws becomes a problem.
void collect(std::vector<std::string>& problems, const std::function<void()>& step) {
  try {
    step();
  } catch (const Error& error) {
    problems.emplace_back(error.what());
  }
}

std::string architecture_of(const Json& config) {
  const auto found = config.find("architectures");
  const bool is_named = config.is_object() && found != config.end() && found->is_array() &&
                        !found->empty() && found->front().is_string();
  return is_named ? found->front().get<std::string>() : "";
}

std::map<std::string, size_t> tensors_by_dtype(const Inspection& inspection) {
  std::map<std::string, size_t> out;
  for (const TensorInfo& tensor : inspection.weights->tensors())
    ++out[std::string(to_string(tensor.dtype))];
  return out;
}

Json layers_to_json(const Gemma4Config& config) {
  Json out = Json::array();
  for (Dim i = 0; i < config.num_hidden_layers; ++i) {
    Json layer = {{"type", std::string(to_string(config.layer_type(i)))},
                  {"head_dim", config.head_dim(i)},
                  {"num_key_value_heads", config.num_key_value_heads(i)},
                  {"has_v_proj", config.has_v_proj(i)},
                  {"intermediate_size", config.intermediate_size(i)}};
    if (config.is_kv_shared(i)) layer["kv_from_layer"] = config.kv_donor(i);
    out.push_back(std::move(layer));
  }
  return out;
}

// "25.23 B", "524.6 k", "917"
std::string count_text(Dim count) {
  const std::vector<std::pair<double, const char*>> units = {{1e9, "B"}, {1e6, "M"}, {1e3, "k"}};
  for (const auto& [size, name] : units) {
    if (static_cast<double>(count) < size) continue;
    std::array<char, 32> out{};
    std::snprintf(out.data(), out.size(), "%.2f %s", static_cast<double>(count) / size, name);
    return out.data();
  }
  return std::to_string(count);
}

std::string layer_table(const Gemma4Config& config) {
  std::string out =
      "  layer  attention  heads  kv heads  head_dim  window  keys and values  MLP width\n";
  for (Dim i = 0; i < config.num_hidden_layers; ++i) {
    const bool is_full = config.is_full(i);
    std::string source = config.has_v_proj(i) ? "own" : "V = K";
    if (config.is_kv_shared(i)) source = cat("of layer ", config.kv_donor(i));
    std::array<char, 160> line{};
    std::snprintf(line.data(), line.size(), "  %5ld  %-9s  %5ld  %8ld  %8ld  %6s  %-15s  %9ld", i,
                  is_full ? "full" : "sliding", config.num_attention_heads,
                  config.num_key_value_heads(i), config.head_dim(i),
                  is_full ? "-" : std::to_string(config.sliding_window).c_str(), source.c_str(),
                  config.intermediate_size(i));
    out += line.data();
    if (config.has_experts())
      out += cat(" + ", config.num_experts, " experts of ", config.moe_intermediate_size, ", top ",
                 config.top_k_experts);
    out += "\n";
  }
  return out;
}

std::string config_text(const Gemma4Config& config) {
  return cat("  model        ", config.model_type, ", ", config.num_hidden_layers,
             " layers, hidden size ", config.hidden_size, ", vocabulary ", config.vocab_size,
             ", up to ", config.max_position_embeddings, " positions\n", "  dtype        ",
             config.dtype.empty() ? "as stored" : config.dtype, "\n");
}

std::string weights_text(const Inspection& inspection) {
  const checkpoint::HfCheckpoint& weights = *inspection.weights;
  std::string out = cat("  tensors      ", weights.tensors().size(), " in ", weights.files().size(),
                        weights.files().size() == 1 ? " file, " : " files, ",
                        bytes_text(static_cast<double>(weights.file_bytes())), ":");
  for (const auto& [dtype, count] : tensors_by_dtype(inspection))
    out += cat(" ", count, " ", dtype);
  out += "\n";
  if (inspection.match) {
    const model::TensorMatch& match = *inspection.match;
    out += cat("  names        below \"", match.prefix, "\"; ", match.pass_through.size(),
               " of vision and audio, ", match.unused_kv.size(), " unused keys and values\n");
  }
  return out;
}

}  // namespace

Inspection inspect_checkpoint(const std::string& folder) {
  if (!fs::is_directory(folder))
    fail(ErrorKind::kNotFound, "cannot inspect ", folder, ": there is no such folder");
  Inspection out;
  out.folder = folder;
  collect(out.problems, [&] {
    const std::string path = folder + "/config.json";
    const Json json = read_json_file(path);
    out.architecture = architecture_of(json);
    out.config = Gemma4Config::from_json(json, path);
    out.counts = count_parameters(*out.config);
  });
  collect(out.problems, [&] { out.weights = checkpoint::HfCheckpoint::open(folder); });
  if (out.config && out.weights) {
    out.match = match_tensors(*out.config, out.weights->tensors());
    out.problems.insert(out.problems.end(), out.match->problems.begin(), out.match->problems.end());
  }
  collect(out.problems, [&] { out.tokenizer = summarize_tokenizer(folder); });
  out.has_chat_template =
      fs::exists(folder + "/chat_template.jinja") || fs::exists(folder + "/chat_template.json");
  return out;
}

Json to_json(const Inspection& inspection) {
  Json out = {{"architecture", inspection.architecture},
              {"num_parameters", nullptr},
              {"num_active_parameters", nullptr},
              {"num_embedding_parameters", nullptr},
              {"num_layers", nullptr}};
  if (inspection.counts) {
    out["num_parameters"] = inspection.counts->total;
    out["num_active_parameters"] = inspection.counts->active;
    out["num_embedding_parameters"] = inspection.counts->embedding;
  }
  if (inspection.config) {
    out["num_layers"] = inspection.config->num_hidden_layers;
    out["model_type"] = inspection.config->model_type;
    out["dtype"] = inspection.config->dtype;
    out["layers"] = layers_to_json(*inspection.config);
  }
  if (inspection.match) {
    out["tensor_prefix"] = inspection.match->prefix;
    out["num_vision_and_audio_tensors"] = inspection.match->pass_through.size();
    out["num_unused_kv_tensors"] = inspection.match->unused_kv.size();
  }
  out["tokenizer"] = inspection.tokenizer ? inspection.tokenizer->to_json() : Json();
  out["has_chat_template"] = inspection.has_chat_template;
  Json tensors = Json::array();
  if (inspection.weights) {
    out["file_bytes"] = inspection.weights->file_bytes();
    for (const TensorInfo& tensor : inspection.weights->tensors())
      tensors.push_back({{"name", tensor.name},
                         {"dtype", std::string(to_string(tensor.dtype))},
                         {"shape", tensor.shape}});
  }
  out["tensors"] = std::move(tensors);
  out["problems"] = inspection.problems;
  return out;
}

std::string to_text(const Inspection& inspection) {
  std::string out = inspection.folder + "\n  architecture " +
                    (inspection.architecture.empty() ? "unknown" : inspection.architecture) + "\n";
  if (inspection.config) out += config_text(*inspection.config);
  if (inspection.counts) {
    out += cat("  parameters   ", count_text(inspection.counts->total), " in all, ",
               count_text(inspection.counts->active), " active, ",
               count_text(inspection.counts->embedding), " in embedding tables (text model)\n");
  }
  if (inspection.weights) out += weights_text(inspection);
  out += cat("  tokenizer    ", inspection.tokenizer ? inspection.tokenizer->to_text() : "none",
             inspection.has_chat_template ? "; with a chat template\n" : "; no chat template\n");
  if (inspection.config) out += "\n" + layer_table(*inspection.config);
  out += inspection.problems.empty() ? "\nno problems\n"
                                     : cat("\nproblems: ", inspection.problems.size(), "\n");
  for (const std::string& problem : inspection.problems) out += "  " + problem + "\n";
  return out;
}

}  // namespace lapidary::cli
