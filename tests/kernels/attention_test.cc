#include "kernels/api/attention.h"

#include "kernels/arrays.h"

namespace lapidary {
namespace {

using kernels::Dtype;
using kernels::HeadCounts;
using kernels::KeyRun;
using test::Array;

// Sequences of the given lengths, their cached keys one after another.
struct Cache {
  Cache(Dtype type, const HeadCounts& h, std::vector<Dim> lengths)
      : dtype(type), heads(h), num_keys(std::move(lengths)) {
    Dim total = 0;
    for (const Dim n : num_keys) total += n;
    const auto sequences = static_cast<Dim>(num_keys.size());
    query = Array::random(type, sequences * h.num_heads * h.head_dim, 1,
                          2 / std::sqrt(static_cast<double>(h.head_dim)));
    key = Array::random(type, total * h.num_kv_heads * h.head_dim, 2);
    value = Array::random(type, total * h.num_kv_heads * h.head_dim, 3);
  }

  // Keys of each sequence cut into runs of at most `longest`.
  template <typename Function>
  Array run(Function function, Dim longest, size_t first, size_t last) const {
    std::vector<KeyRun> runs;
    std::vector<Dim> starts = {0};
    Dim row = 0;
    for (size_t i = 0; i < last; ++i) {
      for (Dim k = 0; k < num_keys[i] && i >= first; k += longest) {
        const Dim at = (row + k) * heads.num_kv_heads * heads.head_dim;
        runs.push_back({key.at(at), value.at(at), std::min(longest, num_keys[i] - k)});
      }
      row += num_keys[i];
      if (i >= first) starts.push_back(static_cast<Dim>(runs.size()));
    }
    const Dim width = heads.num_heads * heads.head_dim;
    Array output(dtype, static_cast<Dim>(last - first) * width);
    function(dtype, {query.at(static_cast<Dim>(first) * width), runs, starts, output.data()},
             heads);
    return output;
  }

  Dtype dtype;
  HeadCounts heads;
  std::vector<Dim> num_keys;
  Array query{Dtype::kFloat32, 0}, key{Dtype::kFloat32, 0}, value{Dtype::kFloat32, 0};
};

const std::vector<HeadCounts> kHeads = {{4, 2, 16}, {4, 1, 32},  {3, 3, 5},
                                        {8, 1, 64}, {2, 1, 256}, {16, 2, 512}};

TEST(DecodeAttention, EqualsTheReference) {
  for (const auto level : test::cpu_levels()) {
    const test::Settings settings(level, test::threads_runner<2>());
    for (const Dtype dtype : test::kDtypes) {
      for (const HeadCounts& heads : kHeads) {
        const Cache cache(dtype, heads, {1, 7, 64, 300, 0, 513});
        test::expect_near(cache.run(kernels::decode_attention, 50, 0, 6),
                          cache.run(kernels::reference::decode_attention, 50, 0, 6), dtype, 1e-5,
                          "head_dim " + std::to_string(heads.head_dim) + test::name(dtype));
      }
    }
  }
}

TEST(DecodeAttention, BitsDependNeitherOnRunsNorOnTheOtherSequences) {
  for (const auto level : test::cpu_levels()) {
    for (const Dtype dtype : test::kDtypes) {
      for (const HeadCounts& heads : kHeads) {
        const Cache cache(dtype, heads, {5, 700, 64, 257});
        const auto run = [&](kernels::ParallelRunner runner, Dim longest, size_t first,
                             size_t last) {
          const test::Settings settings(level, runner);
          return cache.run(kernels::decode_attention, longest, first, last).bits();
        };
        const std::string all = run(test::threads_runner<1>(), 1000, 0, 4);
        EXPECT_EQ(run(test::threads_runner<1>(), 16, 0, 4), all);
        EXPECT_EQ(run(test::threads_runner<3>(), 17, 0, 4), all);
        // More threads than heads: the keys of one sequence are spread over them.
        const size_t row = all.size() / 4;
        EXPECT_EQ(run(test::threads_runner<8>(), 1, 1, 2), all.substr(row, row));
      }
    }
  }
}

struct Rows {
  std::vector<Dim> query_starts;
  std::vector<Dim> key_starts;
};

struct Sequences {
  Sequences(Dtype type, const HeadCounts& h, Rows r, Dim w)
      : dtype(type),
        heads(h),
        rows(std::move(r)),
        window(w),
        query(Array::random(type, rows.query_starts.back() * h.num_heads * h.head_dim, 1,
                            2 / std::sqrt(static_cast<double>(h.head_dim)))),
        key(Array::random(type, rows.key_starts.back() * h.num_kv_heads * h.head_dim, 2)),
        value(Array::random(type, rows.key_starts.back() * h.num_kv_heads * h.head_dim, 3)) {}

  struct Output {
    Array values;
    Array log_sum;
  };
  template <typename Function>
  Output run(Function function) const {
    Output out = {Array(dtype, query.count()),
                  Array(Dtype::kFloat32, rows.query_starts.back() * heads.num_heads)};
    function(dtype,
             {query.data(), key.data(), value.data(), out.values.data(),
              static_cast<float*>(out.log_sum.data())},
             {rows.query_starts, rows.key_starts, window}, heads);
    return out;
  }

  Dtype dtype;
  HeadCounts heads;
  Rows rows;
  Dim window;
  Array query, key, value;
};

const std::vector<Rows> kRows = {
    {{0, 1}, {0, 1}},
    {{0, 70}, {0, 70}},
    {{0, 5, 5, 138, 140}, {0, 5, 5, 138, 140}},
    {{0, 3, 60}, {0, 90, 250}},
};

TEST(PackedAttention, EqualsTheReference) {
  for (const auto level : test::cpu_levels()) {
    const test::Settings settings(level, test::threads_runner<2>());
    for (const Dtype dtype : test::kDtypes) {
      for (const HeadCounts& heads : kHeads) {
        for (const Rows& rows : kRows) {
          for (const Dim window : {0, 1, 8, 100}) {
            if (heads.head_dim > 64 && window < 100) continue;
            const Sequences sequences(dtype, heads, rows, window);
            const auto actual = sequences.run(kernels::packed_attention);
            const auto expected = sequences.run(kernels::reference::packed_attention);
            const std::string what = "head_dim " + std::to_string(heads.head_dim) + ", window " +
                                     std::to_string(window) + ", " + test::name(dtype);
            test::expect_near(actual.values, expected.values, dtype, 1e-5, what);
            test::expect_near(actual.log_sum, expected.log_sum, Dtype::kFloat32, 3e-6, what);
          }
        }
      }
    }
  }
}

TEST(PackedAttention, ASequencesBitsDependNeitherOnTheOthersNorOnThreads) {
  for (const auto level : test::cpu_levels()) {
    for (const Dtype dtype : test::kDtypes) {
      const HeadCounts heads = {4, 2, 48};
      const Sequences packed(dtype, heads, {{0, 5, 138, 300}, {0, 5, 138, 300}}, 20);
      const auto run = [&](kernels::ParallelRunner runner) {
        const test::Settings settings(level, runner);
        return packed.run(kernels::packed_attention).values;
      };
      const Array one = run(test::threads_runner<1>());
      EXPECT_EQ(run(test::threads_runner<4>()).bits(), one.bits());

      Sequences alone = packed;
      alone.rows = {{0, 133}, {0, 133}};
      const Dim query_row = heads.num_heads * heads.head_dim;
      const Dim key_row = heads.num_kv_heads * heads.head_dim;
      const test::Settings settings(level);
      Array values(dtype, 133 * query_row);
      kernels::packed_attention(dtype,
                                {packed.query.at(5 * query_row), packed.key.at(5 * key_row),
                                 packed.value.at(5 * key_row), values.data(), nullptr},
                                {alone.rows.query_starts, alone.rows.key_starts, 20}, heads);
      EXPECT_EQ(values.bits(), one.bits(5 * query_row, 138 * query_row));
    }
  }
}

}  // namespace
}  // namespace lapidary
