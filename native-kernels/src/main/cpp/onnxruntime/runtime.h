// What this library needs of ONNX Runtime's C interface, without its header: types are opaque, and
// functions are found by their number in the table OrtApi, which only ever grows at its end. Numbers
// and signatures: include/onnxruntime/core/session/onnxruntime_c_api.h.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

struct OrtStatus;
struct OrtEnv;
struct OrtMemoryInfo;
struct OrtSessionOptions;
struct OrtCustomOpDomain;
struct OrtKernelInfo;
struct OrtKernelContext;
struct OrtValue;
struct OrtTensorTypeAndShapeInfo;

/** The table of functions; a status is null on success, else the caller releases or returns it. */
struct OrtApi;

struct OrtApiBase {
  /** Null if the runtime is older than that version. */
  const OrtApi* (*get_api)(uint32_t version) noexcept;
  const char* (*version)() noexcept;
};

/** An allocator; fields up to those of version 18. */
struct OrtAllocator {
  uint32_t version;
  void* (*allocate)(OrtAllocator*, size_t bytes);
  void (*release)(OrtAllocator*, void* memory);
  const OrtMemoryInfo* (*info)(const OrtAllocator*);
  /** Memory for as long as a session lives. */
  void* (*reserve)(OrtAllocator*, size_t bytes);
};

/** What a library tells of an operator; fields up to those of version 17. */
struct OrtCustomOp {
  uint32_t version;
  void* (*create_kernel)(const OrtCustomOp*, const OrtApi*, const OrtKernelInfo*);
  const char* (*name)(const OrtCustomOp*);
  const char* (*provider)(const OrtCustomOp*);
  int32_t (*input_type)(const OrtCustomOp*, size_t index);
  size_t (*input_count)(const OrtCustomOp*);
  int32_t (*output_type)(const OrtCustomOp*, size_t index);
  size_t (*output_count)(const OrtCustomOp*);
  void (*compute)(void* kernel, OrtKernelContext*);
  void (*destroy)(void* kernel);
  int32_t (*input_characteristic)(const OrtCustomOp*, size_t index);
  int32_t (*output_characteristic)(const OrtCustomOp*, size_t index);
  int32_t (*input_memory)(const OrtCustomOp*, size_t index);
  int32_t (*variadic_input_least)(const OrtCustomOp*);
  int32_t (*variadic_input_of_one_type)(const OrtCustomOp*);
  int32_t (*variadic_output_least)(const OrtCustomOp*);
  int32_t (*variadic_output_of_one_type)(const OrtCustomOp*);
  OrtStatus* (*create_kernel_or_fail)(const OrtCustomOp*, const OrtApi*, const OrtKernelInfo*, void** kernel);
  OrtStatus* (*compute_or_fail)(void* kernel, OrtKernelContext*);
  OrtStatus* (*infer_shapes)(const OrtCustomOp*, void*);
  int32_t (*first_version)(const OrtCustomOp*);
  int32_t (*last_version)(const OrtCustomOp*);
};
}

namespace attention4j::onnxruntime {

/** The version of the table that is asked for: the first that lends its threads to operators. */
constexpr uint32_t kApiVersion = 17;

/** The version of an allocator that has all fields of OrtAllocator. */
constexpr uint32_t kReservingAllocator = 18;

/** Error codes of a status. */
enum Code : int32_t {
  kFail = 1,
  kInvalidArgument = 2,
  kRuntimeException = 6,
  kNotImplemented = 9,
};

/** ONNX's element types that the kernels know. */
enum ElementType : int32_t {
  kAnyType = 0,
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kInt32 = 6,
  kInt64 = 7,
  kBool = 9,
  kFloat16 = 10,
  kBfloat16 = 16,
};

/** How often an operand or result occurs. */
enum Characteristic : int32_t { kRequired = 0, kOptional = 1, kVariadic = 2 };

/** Calls by number. Every method that gives a status gives null on success. */
class Api {
 public:
  explicit Api(const OrtApi* table) : table_(reinterpret_cast<void* const*>(table)) {}

  OrtStatus* status(Code code, const char* message) const {
    return call<0, OrtStatus*>(static_cast<int32_t>(code), message);
  }
  /** The process's environment, to be released; it is there, as somebody opens a session. */
  OrtStatus* environment(OrtEnv** environment) const {
    constexpr int32_t fatal_only = 4;
    return call<3, OrtStatus*>(fatal_only, "attention4j", environment);
  }
  OrtStatus* create_domain(const char* name, OrtCustomOpDomain** domain) const {
    return call<26, OrtStatus*>(name, domain);
  }
  OrtStatus* add_to_domain(OrtCustomOpDomain* domain, const OrtCustomOp* op) const {
    return call<27, OrtStatus*>(domain, op);
  }
  OrtStatus* add_domain(OrtSessionOptions* options, OrtCustomOpDomain* domain) const {
    return call<28, OrtStatus*>(options, domain);
  }
  OrtStatus* data(OrtValue* value, void** data) const { return call<51, OrtStatus*>(value, data); }
  OrtStatus* element_type(const OrtTensorTypeAndShapeInfo* info, int32_t* type) const {
    return call<60, OrtStatus*>(info, type);
  }
  OrtStatus* rank(const OrtTensorTypeAndShapeInfo* info, size_t* count) const {
    return call<61, OrtStatus*>(info, count);
  }
  OrtStatus* sizes(const OrtTensorTypeAndShapeInfo* info, int64_t* sizes, size_t count) const {
    return call<62, OrtStatus*>(info, sizes, count);
  }
  OrtStatus* info(const OrtValue* value, OrtTensorTypeAndShapeInfo** info) const {
    return call<65, OrtStatus*>(value, info);
  }
  /** The process's own memory, without an arena; it lives for ever. */
  OrtStatus* default_allocator(OrtAllocator** allocator) const { return call<78, OrtStatus*>(allocator); }
  OrtStatus* input_count(const OrtKernelContext* context, size_t* count) const {
    return call<88, OrtStatus*>(context, count);
  }
  OrtStatus* output_count(const OrtKernelContext* context, size_t* count) const {
    return call<89, OrtStatus*>(context, count);
  }
  OrtStatus* input(const OrtKernelContext* context, size_t index, const OrtValue** value) const {
    return call<90, OrtStatus*>(context, index, value);
  }
  OrtStatus* output(OrtKernelContext* context, size_t index, const int64_t* sizes, size_t rank,
                    OrtValue** value) const {
    return call<91, OrtStatus*>(context, index, sizes, rank, value);
  }
  void release(OrtEnv* environment) const { call<92, void>(environment); }
  void release(OrtStatus* status) const { call<93, void>(status); }
  void release(OrtTensorTypeAndShapeInfo* info) const { call<99, void>(info); }
  /** With `values` null only the count is given. */
  OrtStatus* integers(const OrtKernelInfo* info, const char* name, int64_t* values, size_t* count) const {
    return call<163, OrtStatus*>(info, name, values, count);
  }
  /** In the place of the environment's own for the same memory, for sessions that ask for that. */
  OrtStatus* register_allocator(OrtEnv* environment, OrtAllocator* allocator) const {
    return call<176, OrtStatus*>(environment, allocator);
  }
  /** Runs `body(data, i)` for each i below `total` on the session's threads. */
  OrtStatus* parallel_for(const OrtKernelContext* context, void (*body)(void* data, size_t i), size_t total,
                          void* data) const {
    return call<274, OrtStatus*>(context, body, total, size_t{0}, data);
  }

 private:
  template <size_t kSlot, class Result, class... Arguments>
  Result call(Arguments... arguments) const {
    return reinterpret_cast<Result (*)(Arguments...)>(table_[kSlot])(arguments...);
  }

  void* const* table_;
};

}  // namespace attention4j::onnxruntime
