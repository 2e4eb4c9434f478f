// Flags of slime and Megatron that mean nothing here, by reason. A name ends in '=' when it takes a
// value and in '*' when it takes several.
#include <array>
#include <sstream>

#include "cli/train_flags.h"

namespace lapidary::cli {
namespace {

struct Reason {
  const char* why;
  const char* names;
};

constexpr std::array<Reason, 12> kReasons = {{
    {"the checkpoint's config.json describes the model",
     "custom-model-provider-path= model-name= add-qkv-bias apply-layernorm-1p "
     "attention-output-gate disable-bias-linear ffn-hidden-size= group-query-attention "
     "hidden-size= init-method-std= kv-channels= make-vocab-size-divisible-by= "
     "max-position-embeddings= moe-aux-loss-coeff* moe-ffn-hidden-size= moe-grouped-gemm "
     "moe-layer-freq= moe-router-dtype= moe-router-enable-expert-bias moe-router-group-topk= "
     "moe-router-load-balancing-type* moe-router-num-groups= moe-router-pre-softmax "
     "moe-router-score-function= moe-router-topk= moe-router-topk-scaling-factor= "
     "moe-shared-expert-gate moe-shared-expert-intermediate-size= moe-token-dispatcher-type= "
     "norm-epsilon= normalization= num-attention-heads= num-experts= num-layers= "
     "num-query-groups= openai-gelu padded-vocab-size= position-embedding-type= "
     "post-mlp-layernorm post-self-attn-layernorm qk-layernorm quick-geglu "
     "rope-scaling-factor= rope-type= rotary-base= rotary-interleaved rotary-percent= "
     "seq-length= spec* squared-relu swiglu tokenizer-model= tokenizer-type= trust-remote-code "
     "untie-embeddings-and-output-weights use-rope-scaling use-rotary-position-embeddings "
     "vocab-size= window-attn-skip-freq= window-size= "},
    {"metrics go to metrics.jsonl and TensorBoard files",
     "disable-wandb-random-suffix use-wandb wandb-always-use-train-step wandb-dir= "
     "wandb-group= wandb-host= wandb-key= wandb-mode= wandb-run-id= wandb-team= "},
    {"rollout and training share one copy of the weights",
     "check-weight-update-equal colocate offload offload-rollout no-offload-rollout "
     "offload-train no-offload-train release-train rollout-data-transport= "
     "update-weight-buffer-size= update-weight-delta-checksum= update-weight-delta-encoding= "
     "update-weight-disk-dir= update-weight-disk-keep-files "
     "update-weight-local-checkpoint-dir= update-weight-mode= update-weight-transport= "},
    {"there are no separate engine or trainer processes",
     "data-source-path= fetch-trajectory-retry-times= http-proxy= load-forge-rollout-data= "
     "min-batch-collection-ratio= num-gpus-per-node= rollout-buffer-url= "
     "rollout-health-check-first-wait= rollout-health-check-interval= "
     "rollout-health-check-timeout= rollout-task-type= sglang-router-ip= sglang-router-port= "
     "sglang-router-request-timeout-secs= sglang-server-concurrency= train-backend= "
     "train-env-vars= use-distributed-post "},
    {"it steers a part of the reference that has no counterpart here",
     "allgather-cp ci-disable-kl-checker ci-load-grad-norm= ci-save-grad-norm= ci-test "
     "ci-train-rollout-logprob-abs-diff-threshold= "
     " "
     "data-pad-size-multiplier= "
     "disable-compute-advantages-and-returns disable-rollout-global-dataset "
     "freeze-indexer "
     "load-debug-rollout-data-subsample= log-correct-samples loss-mask-type= "
     "megatron-deepgemm-forward-layers* megatron-deepgemm-forward-modules* "
     "megatron-deepgemm-moe-forward-layers* megatron-deepgemm-moe-forward-modules* "
     "memory-recorder= memory-snapshot-dir= memory-snapshot-num-steps= multimodal-keys= "
     "opd-kl-coef= opd-teacher-ckpt-step= profile-target* "
     "qwen-gdn-backend= recompute-loss-function ref-ckpt-step= "
     "save-hf= start-rollout-id= tb-experiment-name= "
     "tb-project-name= "},
    {"which kernels run, and in which precision, is not chosen by flags of this name",
     "accumulate-allreduce-grads-in-fp32 attention-backend= attention-softmax-in-fp32 "
     "ckpt-convert-update-legacy-dist-opt-format cpu-offloading-num-layers= "
     "create-all-gather-group cross-entropy-fusion-impl= cross-entropy-loss-fusion "
     "cuda-graph-impl= cuda-graph-scope* cuda-graph-warmup-steps= ddp-average-in-collective "
     "ddp-bucket-size= ddp-num-buckets= ddp-pad-buckets-for-high-nccl-busbw "
     "ddp-reduce-scatter-with-fp32-accumulation decode-only-cuda-graphs "
     "disable-bf16-reduced-precision-matmul disable-jit-fuser distribute-saved-activations "
     "enable-cuda-graph ep-overlap-early-attn-memory-release external-cuda-graph "
     "fine-grained-activation-offloading first-last-layers-bf16 flash-decode fp4-format= "
     "fp4-param-gather fp4-quantizer-factory= fp4-recipe= fp8-amax-compute-algo= "
     "fp8-amax-history-len= fp8-format= fp8-interval= fp8-margin= fp8-param-gather "
     "fp8-quantizer-factory= fp8-recipe= fsdp-double-buffer fsdp-manual-registration "
     "grad-reduce-in-bf16 high-priority-stream-groups* "
     "inference-dynamic-batching-cuda-graph-max-tokens= "
     "inference-dynamic-batching-cuda-graph-mixed-prefill-count= "
     "inference-dynamic-batching-num-cuda-graphs= inference-fuse-tp-communication "
     "keep-fp8-transpose-cache kitchen-attention-backend= linear-conv-kernel-dim= "
     "mamba-state-dim= min-offloaded-tensor-size= moe-deepep-num-sms= moe-enable-deepep "
     "moe-hybridep-num-sms= moe-input-jitter-eps= moe-pad-experts-for-cuda-graph-inference "
     "moe-permute-fusion moe-router-bias-update-rate= moe-router-fusion "
     "moe-router-padding-for-fp8 moe-shared-expert-overlap nccl-all-reduce-for-prefill "
     "nccl-communicator-config-path= no-align-grad-reduce no-bias-dropout-fusion "
     "no-bias-gelu-fusion no-bias-swiglu-fusion no-create-attention-mask-in-dataloader "
     "no-fp8-wgrad disable-fp8-wgrad no-gradient-accumulation-fusion "
     "no-gradient-reduce-div-fusion no-masked-softmax-fusion no-overlap-p2p-communication "
     "no-persist-layer-norm no-pin-cpu-grads no-pin-cpu-params no-rope-fusion "
     "no-strict-fsdp-dtensor-load disable-strict-fsdp-dtensor-load no-tp-comm-bulk-dgrad "
     "disable-tp-comm-bulk-dgrad no-tp-comm-bulk-wgrad disable-tp-comm-bulk-wgrad "
     "no-tp-comm-overlap-ag disable-tp-comm-overlap-ag no-tp-comm-overlap-rs "
     "disable-tp-comm-overlap-rs no-tp-comm-split-ag disable-tp-comm-split-ag "
     "no-tp-comm-split-rs disable-tp-comm-split-rs non-persistent-ckpt-type= "
     "non-persistent-global-ckpt-dir= non-persistent-local-ckpt-algo= "
     "non-persistent-local-ckpt-dir= non-persistent-save-interval= num-layers-at-end-in-bf16= "
     "num-layers-at-start-in-bf16= offload-modules* offload-optimizer-states "
     "optimizer-offload-fraction= overlap-cpu-optimizer-d2h-h2d overlap-grad-reduce "
     "overlap-moe-expert-parallel-comm overlap-p2p-communication-warmup-flush "
     "overlap-param-gather overlap-param-gather-with-optimizer-step recompute-activations "
     "recompute-modules* reuse-grad-buf-for-mxfp8-param-ag rl-calculate-intra-group-similarity "
     "no-rl-calculate-intra-group-similarity rl-offload-inference-model-weights-when-idle "
     "no-rl-offload-inference-model-weights-when-idle rl-offload-kv-cache-during-training "
     "no-rl-offload-kv-cache-during-training rl-offload-optimizer-during-inference "
     "rl-reset-cuda-graphs no-rl-reset-cuda-graphs rl-training-cuda-graphs "
     "no-rl-training-cuda-graphs sharp-enabled-group= softmax-type= te-precision-config-file= "
     "te-rng-tracker torch-fsdp2-no-reshard-after-forward tp-comm-bootstrap-backend= "
     "tp-comm-overlap tp-comm-overlap-cfg= tp-comm-overlap-rs-dgrad transformer-impl= "
     "use-cpu-initialization use-flash-attn use-fused-weighted-squared-relu "
     "use-kitchen-attention use-megatron-fsdp use-nccl-ub use-persistent-ckpt-worker use-sharp "
     "use-te-activation-func use-torch-fsdp2 use-torch-optimizer-for-cpu-offload "},
    {"checkpoints are Hugging Face folders with the training state beside the weights",
     "async-save auto-detect-ckpt-format bert-load= checkpoint-activations "
     "ckpt-assume-constant-structure ckpt-convert-format= ckpt-convert-save= ckpt-format= "
     "ckpt-fully-parallel-load ckpt-fully-parallel-save ckpt-step= "
     "dataloader-defer-npy-index-mmap dataloader-fast-cache-load dataloader-type= "
     "dist-ckpt-format= dist-ckpt-optim-fully-reshardable dist-ckpt-save-pre-mcore-014 "
     "dist-ckpt-strictness= exit-duration-in-mins= exit-interval= exit-on-missing-checkpoint "
     "exit-signal= exit-signal-handler exit-signal-handler-for-dataloader ict-load= "
     "load-main-params-from-ckpt moe-router-force-load-balancing no-ckpt-fully-parallel-save "
     "disable-ckpt-fully-parallel-save no-load-rng no-save-rng "
     "no-use-tokenizer-model-from-checkpoint-args "
     "disable-use-tokenizer-model-from-checkpoint-args pretrained-checkpoint= replication "
     "replication-factor= replication-jump= run-workload-inspector-server "
     "save-dgrads-interval= save-retain-interval= save-wgrads-interval= use-checkpoint-args "
     "use-checkpoint-opt_param-scheduler use-checkpoint-opt-param-scheduler use-dist-ckpt "
     "use-mp-args-from-checkpoint-args wandb-save-dir= "},
    {"the run folder holds all records",
     "app-tag-run-name= app-tag-run-version= config-logger-dir= disable-straggler-on-startup "
     "empty-unused-memory-level= enable-ft-package error-injection-rate= error-injection-type= "
     "ft-num-warmup-iters= inference-dynamic-batching-unified-memory-level= "
     "inference-wandb-logging no-inference-wandb-logging inprocess-active-world-size= "
     "inprocess-barrier-timeout= inprocess-completion-timeout= inprocess-empty-cuda-cache "
     "inprocess-granularity= inprocess-hard-timeout= inprocess-heartbeat-interval= "
     "inprocess-heartbeat-timeout= inprocess-last-call-wait= inprocess-max-iterations= "
     "inprocess-monitor-process-interval= inprocess-monitor-thread-interval= "
     "inprocess-progress-watchdog-interval= inprocess-restart inprocess-soft-timeout= "
     "inprocess-termination-grace-time= log-device-memory-used log-energy log-interval= "
     "log-max-attention-logit log-memory-interval= log-memory-to-tensorboard "
     "log-num-zeros-in-grad log-params-norm log-progress log-straggler log-throughput "
     "log-timers-to-tensorboard log-validation-ppl-to-tensorboard "
     "log-world-size-to-tensorboard logging-level= memory-snapshot-path= "
     "no-barrier-with-level-1-timing no-log-loss-scale-to-tensorboard "
     "disable-log-loss-scale-to-tensorboard no-one-logger one-logger-async one-logger-project= "
     "one-logger-run-name= profile profile-ranks* profile-step-end= profile-step-start= "
     "record-memory-history rerun-mode= rl-inference-model-unified-memory-level= "
     "straggler-ctrlr-port= straggler-minmax-count= tensorboard-log-interval= "
     "tensorboard-queue-size= timing-log-level= timing-log-option= use-pytorch-profiler "
     "wandb-entity= wandb-exp-name= wandb-project= "},
    {"it belongs to pre-training on token files",
     "account-for-embedding-in-pipeline-split account-for-loss-in-pipeline-split "
     "bert-embedder-type= bert-no-binary-head biencoder-projection-dim= "
     "biencoder-shared-query-context-model block-data-path= classes-fraction= data-args-path= "
     "data-cache-path= data-parallel-random-init data-parallel-sharding-strategy= data-path* "
     "data-per-class-fraction= dino-bottleneck-size= dino-freeze-last-layer= "
     "dino-head-hidden-size= dino-local-crops-number= dino-local-img-size= "
     "dino-norm-last-layer dino-teacher-temp= dino-warmup-teacher-temp= "
     "dino-warmup-teacher-temp-epochs= dsa-indexer-head-dim= dsa-indexer-loss-coeff= "
     "dsa-indexer-n-heads= dsa-indexer-topk= dsa-indexer-use-sparse-loss eod-mask-loss "
     "evidence-data-path= fim-data fim-eod-token= fim-fragment-rate= fim-middle-token= "
     "fim-no-prefix= fim-pad-token= fim-prefix-token= fim-rate= fim-split-sample= "
     "fim-spm-rate= fim-suffix-token= ict-head-size= img-h= img-w= indexer-batch-size= "
     "indexer-log-interval= inference-dynamic-batching-block-size= legacy-tokenizer "
     "mask-factor= mask-prob= mask-type= merge-file= mid-level-dataset-surplus= mock-data "
     "moe-flex-dispatcher-backend= muon-no-split-qkv no-data-sharding no-mmap-bin-files "
     "num-classes= num-dataset-builder-threads= output-bert-embeddings patch-dim= "
     "per-dataset-sequences-path= per-split-data-args-path= query-in-block-prob= "
     "retriever-report-topk-accuracies* retriever-score-scaling sample-rate= "
     "sft-tokenizer-prompt-format= short-seq-prob= split= swin-backbone-type= test-data-path* "
     "tiktoken-num-special-tokens= tiktoken-pattern= tiktoken-special-tokens* "
     "titles-data-path= tokenizer-hf-include-special-tokens tokenizer-hf-use-fast "
     "tokenizer-metadata= tokenizer-sentencepiece-legacy tokenizer-special-tokens* "
     "train-data-path* valid-data-path* vision-backbone-type= vision-pretraining "
     "vision-pretraining-type= vocab-extra-ids= vocab-file= "},
    {"Gemma 4 has no such part",
     "apply-residual-connection-post-layernorm apply-wd-to-qk-layernorm cache-mla-latents "
     "disable-mamba-mem-eff-path enable-experimental experimental-attention-variant= "
     "glu-linear-offset= head-lr-mult= heterogeneous-layers-config-encoded-json= "
     "heterogeneous-layers-config-path= hybrid-attention-ratio= hybrid-context-parallel "
     "hybrid-mlp-ratio= hybrid-override-pattern= is-hybrid-model kv-lora-rank= "
     "linear-attention-freq= linear-attention-type= linear-key-head-dim= linear-num-key-heads= "
     "linear-num-value-heads= linear-value-head-dim= mamba-head-dim= mamba-num-groups= "
     "mamba-num-heads= moe-apply-probs-on-input moe-enable-routing-replay "
     "moe-expert-capacity-factor= moe-extended-tp moe-latent-size= moe-layer-recompute "
     "moe-pad-expert-input-to-capacity moe-per-layer-logging moe-router-force-biased= "
     "moe-router-padding-for-quantization moe-token-drop-policy= moe-upcycling-granularity= "
     "moe-use-legacy-grouped-gemm moe-use-upcycling moe-z-loss-coeff= mrope-section* mscale= "
     "mscale-all-dim= mtp-loss-scaling-factor= mtp-num-layers= mtp-standalone no-rope-freq= "
     "q-lora-rank= qk-clip qk-clip-alpha= qk-clip-threshold= qk-head-dim= qk-l2-norm "
     "qk-pos-emb-head-dim= rl-inference-expert-model-parallel-size= "
     "rl-inference-expert-tensor-model-parallel-size= rotary-scaling-factor= "
     "rotary-seq-len-interpolation-factor= use-gated-attention v-head-dim= "},
    {"it belongs to Megatron's own inference and reinforcement learning",
     "batch-invariant-mode disable-chunked-prefill enable-chunked-prefill "
     "grpo-clamp-eps-lower= grpo-clamp-eps-upper= grpo-entropy-term-weight= "
     "grpo-filter-groups-with-same-reward grpo-group-size= grpo-iterations= grpo-kl-beta= "
     "grpo-prompts-per-step= inference-batch-times-seqlen-threshold= "
     "inference-coordinator-port= inference-dynamic-batching "
     "inference-dynamic-batching-buffer-size-gb= inference-dynamic-batching-max-requests= "
     "inference-dynamic-batching-max-tokens= inference-dynamic-batching-paused-buffer-size-gb= "
     "inference-dynamic-batching-track-paused-request-events inference-logging-step-interval= "
     "inference-max-batch-size= inference-max-requests= inference-max-seq-length= "
     "inference-rng-tracker langrl-env-config= langrl-external-server "
     "no-langrl-external-server langrl-inference-server-conversation-template= "
     "langrl-inference-server-type= mlp-chunks-for-prefill= perform-rl-step refit-method= "
     "rl-default-temperature= rl-default-top-k= rl-default-top-p= "
     "rl-importance-sampling-truncation-coef= rl-inference-logprobs-is-correction "
     "no-rl-inference-logprobs-is-correction rl-inference-pipeline-model-parallel-size= "
     "rl-inference-tensor-model-parallel-size= rl-parallel-generation-tasks= "
     "rl-partial-rollouts no-rl-partial-rollouts rl-prompts-per-eval= "
     "rl-remove-kv-cache-during-training no-rl-remove-kv-cache-during-training "
     "rl-sequence-packing-algo= rl-sequence-packing-max-sequences-per-bin= rl-skip-bos-token "
     "no-rl-skip-bos-token rl-use-sequence-packing no-rl-use-sequence-packing "
     "rl-verify-model-weights-swap no-rl-verify-model-weights-swap "},
    {"it steers a part of Megatron that has no counterpart here",
     "activation-func-clamp-value= adlr-autoresume adlr-autoresume-interval= "
     "allow-ambiguous-pad-tokens apply-query-key-layer-scaling batch-size= "
     "calc-ft-timeouts check-for-large-grads check-for-spiky-loss "
     "check-weight-hash-across-dp-replicas-interval= cp-comm-type* decoder-num-layers= "
     "decoder-seq-length= decoupled-lr= decoupled-min-lr= decrease-batch-size-if-needed "
     "defer-embedding-wgrad-compute delay-wgrad-compute disable-gloo-process-groups "
     "disable-msc disable-symmetric-registration distrib-optim-fully-reshardable-mem-efficient "
     "distributed-backend= distributed-timeout-minutes= "
     "distributed-timeout-seconds-after-init= dump-param-to-param-group-map= "
     "embedding-init-method-std= embedding-path= enable-full-sharding-in-hsdp "
     "encoder-num-layers= encoder-seq-length= end-weight-decay= eval-iters= exp-avg-dtype= "
     "exp-avg-sq-dtype= fake-process-group fallback-to-eager-attn fp16-lm-cross-entropy "
     "fp32-residual-connection full-validation "
     "hierarchical-context-parallel-sizes* hysteresis= init-method-xavier-uniform "
     "init-model-with-meta-device initial-loss-scale= iter-per-epoch= iterations-to-skip* "
     "lazy-mpu-init= local-rank= loss-scale= loss-scale-window= lr-decay-samples= "
     "lr-warmup-samples= lr-wsd-decay-samples= main-grads-dtype= main-params-dtype= manual-gc "
     "manual-gc-interval= max-seqlen-per-dp-cp-rank= max-tokens-to-oom= "
     "microbatch-group-size-per-virtual-pipeline-stage= min-loss-scale= model-parallel-size= "
     "multi-latent-attention multiple-validation-sets muon-extra-scale-factor= "
     "muon-fp32-matmul-prec= muon-momentum= muon-num-ns-steps= muon-scale-mode= muon-tp-mode= "
     "muon-use-nesterov no-align-param-gather no-async-tensor-model-parallel-allreduce "
     "disable-async-tensor-model-parallel-allreduce no-check-for-nan-in-loss-and-grad "
     "no-clone-scatter-output-in-embedding disable-clone-scatter-output-in-embedding "
     "no-initialization no-manual-gc-eval disable-manual-gc-eval no-position-embedding "
     "no-scatter-gather-tensors-in-pipeline no-weight-decay-cond-type= num-channels= "
     "num-distributed-optimizer-instances= num-workers= object-storage-cache-path= onnx-safe= "
     "outer-dp-sharding-strategy= override-opt_param-scheduler override-opt-param-scheduler "
     "phase-transition-iterations= pipeline-model-parallel-comm-backend= "
     "pipeline-model-parallel-layout= rampup-batch-size* relative-attention-max-distance= "
     "relative-attention-num-buckets= reset-attention-mask reset-position-ids "
     "result-rejected-tracker-filename= sequence-parallel sft sgd-momentum= skip-train "
     "start-weight-decay= suggested-communication-unit-size= symmetric-ar-type= test-mode "
     "train-iters= train-samples= train-sync-interval= use-distributed-optimizer "
     "use-legacy-models use-legacy-static-engine use-mcore-models use-one-sent-docs "
     "use-precision-aware-optimizer use-ring-exchange-p2p use-tp-pp-dp-mapping warmup= "
     "weight-decay-incr-style= wgrad-deferral-limit= "},
}};

}  // namespace

std::vector<FlagSpec> flags_without_effect() {
  std::vector<FlagSpec> out;
  for (const Reason& reason : kReasons) {
    std::istringstream names(reason.names);
    for (std::string name; names >> name;) {
      FlagSpec spec{"--" + name, FlagType::kSwitch, nullptr, reason.why};
      spec.use = FlagUse::kNoEffect;
      if (name.back() == '=' || name.back() == '*') {
        spec.name.pop_back();
        spec.type = FlagType::kString;
        spec.arity = name.back() == '*' ? FlagArity::kList : FlagArity::kOne;
      }
      out.push_back(std::move(spec));
    }
  }
  return out;
}

}  // namespace lapidary::cli
