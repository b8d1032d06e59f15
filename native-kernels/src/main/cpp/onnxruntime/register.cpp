// What ONNX Runtime looks for in a library of operators.
#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "attention4j/kernels.h"
#include "failure.h"
#include "node.h"
#include "operators.h"
#include "weight_memory.h"

namespace attention4j::onnxruntime {
namespace {

std::atomic<int32_t> wanted_isa{A4J_ISA_AUTO};

/**
 * The domain with the operators, one for each runtime in the process. Sessions refer to it for as long
 * as they live, so it is never released.
 */
OrtStatus* domain_of(const OrtApi* table, OrtCustomOpDomain** domain) {
  static std::mutex mutex;
  static auto* domains = new std::map<const OrtApi*, OrtCustomOpDomain*>();
  std::lock_guard<std::mutex> lock(mutex);
  OrtCustomOpDomain*& made = (*domains)[table];
  if (made == nullptr) {
    Api api(table);
    OrtCustomOpDomain* fresh = nullptr;
    if (OrtStatus* status = api.create_domain(kDomain, &fresh)) return status;
    for (int i = 0; i < kAttentionOps; i++) {
      if (OrtStatus* status = api.add_to_domain(fresh, attention_op(i))) return status;
    }
    for (int i = 0; i < kCachedAttentionOps; i++) {
      if (OrtStatus* status = api.add_to_domain(fresh, cached_attention_op(i))) return status;
    }
    if (OrtStatus* status = api.add_to_domain(fresh, block_product_op())) return status;
    if (OrtStatus* status = lend_memory(api)) return status;
    made = fresh;
  }
  *domain = made;
  return nullptr;
}

}  // namespace

a4j_context* shared_context() {
  static std::mutex mutex;
  static std::map<int32_t, a4j_context*>* contexts = new std::map<int32_t, a4j_context*>();
  int32_t isa = wanted_isa.load();
  std::lock_guard<std::mutex> lock(mutex);
  a4j_context*& context = (*contexts)[isa];
  if (context == nullptr) {
    a4j_error error{};
    // No threads of its own: calls bring the session's.
    int32_t code = a4j_context_create(isa, 1, &context, &error);
    if (code != A4J_OK) throw Failure(static_cast<a4j_status>(code), error.message);
  }
  return context;
}

}  // namespace attention4j::onnxruntime

extern "C" {

int32_t a4j_onnxruntime_isa(int32_t isa) {
  if (isa != A4J_ISA_AUTO && a4j_isa_available(isa) == 0) return A4J_UNSUPPORTED;
  attention4j::onnxruntime::wanted_isa.store(isa);
  return A4J_OK;
}

A4J_API OrtStatus* RegisterCustomOps(OrtSessionOptions* options, const OrtApiBase* base) {
  using namespace attention4j::onnxruntime;
  const OrtApi* table = base->get_api(kApiVersion);
  if (table == nullptr) {
    const OrtApi* oldest = base->get_api(1);
    if (oldest == nullptr) return nullptr;  // no runtime has ever lacked it
    try {
      std::string message =
          std::string("attention4j's operators need ONNX Runtime 1.17 or later, this is ") + base->version();
      return Api(oldest).status(kFail, message.c_str());
    } catch (...) {
      return Api(oldest).status(kFail, "attention4j's operators need ONNX Runtime 1.17 or later");
    }
  }
  Api api(table);
  try {
    OrtCustomOpDomain* domain = nullptr;
    if (OrtStatus* status = domain_of(table, &domain)) return status;
    return api.add_domain(options, domain);
  } catch (...) {
    return api.status(kFail, "attention4j's operators could not be registered: out of memory");
  }
}
}
