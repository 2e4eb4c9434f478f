#!/usr/bin/env bash
# Builds the fuzz targets and runs each for SECONDS_EACH on its committed corpus; new finds go to build/fuzz/corpus.
#   tools/run_fuzzers.sh [SECONDS_EACH=20]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-20}
if ! echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long){return 0;}' |
  clang++ -fsanitize=fuzzer -x c++ - -o /dev/null 2>/dev/null; then
  echo "fuzz: skipped, clang with the libFuzzer runtime is not installed"
  exit 77
fi
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
for target in build/fuzz/bin/*_fuzz; do
  name=$(basename "$target" _fuzz)
  mkdir -p "build/fuzz/corpus/$name"
  log=build/fuzz/$name.log
  if ! "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/$name-" "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
    tail -n 40 "$log"
    echo "fuzz: $name failed; the input is build/fuzz/$name-*"
    exit 1
  fi
  echo "fuzz: $name ran $(grep -o 'number_of_executed_units: *[0-9]*' "$log" | grep -o '[0-9]*$') inputs in ${seconds} s"
done
