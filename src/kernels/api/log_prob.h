// What the head does with a row of fp32 logits.
#pragma once

#include <cstdint>

#include "base/dim.h"

namespace lapidary::kernels {

// logits = cap * tanh(logits / cap), in place; cap > 0.
void softcap(float* logits, Dim count, float cap);

struct RowLogProb {
  float log_prob;  // of the target: logit / temperature - log sum exp(logits / temperature)
  float entropy;   // of the same distribution, nats
  Dim best;        // index of the largest logit, the first of equals
};

// logits [rows, vocabulary], targets [rows] (may be null: log_prob is then of `best`).
void log_probs(const float* logits, const int64_t* targets, Dim rows, Dim vocabulary,
               double temperature, RowLogProb* output);

namespace reference {
void softcap(float* logits, Dim count, float cap);
void log_probs(const float* logits, const int64_t* targets, Dim rows, Dim vocabulary,
               double temperature, RowLogProb* output);
}  // namespace reference

}  // namespace lapidary::kernels
