// The JNI border of org.attention4j.kernels.NativeCalls. Nothing here trusts its caller: handles are
// looked up, buffers are asked for their size, the numbers are read with a bounds check, and every C++
// exception becomes a Java one.
//
// A call is described by one long[] and one ByteBuffer[], written by CallEncoder.java in the order in
// which they are read below.
#include <jni.h>

#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "../src/libtorch_operators.h"
#include "attention4j/kernels.h"

namespace {

struct ContextDeleter {
  void operator()(a4j_context* context) const { a4j_context_destroy(context); }
};

// ---- errors

/** Thrown after a Java exception is pending. */
struct JavaException {};

struct KernelError {
  int32_t code;
  std::string message;
};

[[noreturn]] void invalid(const std::string& message) {
  throw KernelError{A4J_INVALID_ARGUMENT, message};
}

const char* exception_class(int32_t code) {
  switch (code) {
    case A4J_INVALID_ARGUMENT:
      return "org/attention4j/error/UsageException";
    case A4J_OUT_OF_MEMORY:
      return "org/attention4j/error/MemoryException";
    default:
      return "org/attention4j/error/EngineException";
  }
}

void throw_java(JNIEnv* env, int32_t code, const char* message) {
  if (env->ExceptionCheck()) return;
  jclass type = env->FindClass(exception_class(code));
  if (type != nullptr) env->ThrowNew(type, message);  // else NoClassDefFoundError is pending
}

/** Runs the body; whatever it throws becomes a Java exception and the result is `fallback`. */
template <class Result, class Body>
Result guarded(JNIEnv* env, Result fallback, Body body) noexcept {
  try {
    return body();
  } catch (const JavaException&) {
    return fallback;
  } catch (const KernelError& error) {
    throw_java(env, error.code, error.message.c_str());
  } catch (const std::bad_alloc&) {
    throw_java(env, A4J_OUT_OF_MEMORY, "the kernel could not allocate its scratch memory");
  } catch (const std::exception& exception) {
    throw_java(env, A4J_INTERNAL, exception.what());
  } catch (...) {
    throw_java(env, A4J_INTERNAL, "unknown C++ exception");
  }
  return fallback;
}

void require_ok(int32_t code, const a4j_error& error) {
  if (code != A4J_OK) throw KernelError{code, error.message};
}

// ---- contexts

/**
 * Handles are numbers that are never used twice, not addresses: a stale or made-up one is an error. A
 * context that is closed while it works ends with the last call that uses it.
 */
class Contexts {
 public:
  jlong add(a4j_context* created) {
    std::shared_ptr<a4j_context> context(created, ContextDeleter());
    std::lock_guard<std::mutex> lock(mutex_);
    contexts_[++last_] = std::move(context);
    return last_;
  }

  std::shared_ptr<a4j_context> get(jlong handle) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto found = contexts_.find(handle);
    if (found == contexts_.end()) invalid("the kernel context is closed");
    return found->second;
  }

  void remove(jlong handle) {
    std::shared_ptr<a4j_context> last;  // destroyed outside of the lock
    std::lock_guard<std::mutex> lock(mutex_);
    auto found = contexts_.find(handle);
    if (found == contexts_.end()) return;
    last = std::move(found->second);
    contexts_.erase(found);
  }

 private:
  std::mutex mutex_;
  std::map<jlong, std::shared_ptr<a4j_context>> contexts_;
  jlong last_ = 0;
};

/** Never destroyed: at exit, other threads may still be inside a call. */
Contexts& contexts() {
  static Contexts* all = new Contexts();
  return *all;
}

// ---- the description of a call

class CallReader {
 public:
  CallReader(JNIEnv* env, jlongArray numbers, jobjectArray buffers) : env_(env), buffers_(buffers) {
    if (numbers == nullptr || buffers == nullptr) invalid("the call's numbers or buffers are null");
    numbers_.resize(static_cast<size_t>(env->GetArrayLength(numbers)));
    env->GetLongArrayRegion(numbers, 0, static_cast<jsize>(numbers_.size()), numbers_.data());
    if (env->ExceptionCheck()) throw JavaException();
  }

  int64_t next() {
    if (at_ >= numbers_.size()) invalid("the call's description is too short");
    return numbers_[at_++];
  }

  double next_double() {
    int64_t bits = next();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }

  int32_t next_int() {
    int64_t value = next();
    if (value < INT32_MIN || value > INT32_MAX) invalid("a number of the call's description is out of range");
    return static_cast<int32_t>(value);
  }

  void next_dims(int64_t (&dims)[4]) {
    for (int64_t& size : dims) size = next();
  }

  /** buffer (-1: absent), dtype, strides. */
  a4j_view next_view() {
    a4j_view view{};
    int64_t buffer = next();
    view.dtype = next_int();
    next_dims(view.strides);
    if (buffer == -1) return view;
    if (buffer < 0 || buffer >= env_->GetArrayLength(buffers_)) {
      invalid("the call names buffer " + std::to_string(buffer));
    }
    jobject object = env_->GetObjectArrayElement(buffers_, static_cast<jsize>(buffer));
    if (env_->ExceptionCheck()) throw JavaException();
    if (object == nullptr) invalid("buffer " + std::to_string(buffer) + " is null");
    view.data = env_->GetDirectBufferAddress(object);
    jlong bytes = env_->GetDirectBufferCapacity(object);
    env_->DeleteLocalRef(object);
    if (bytes < 0) invalid("buffer " + std::to_string(buffer) + " is not direct");
    view.elements = bytes / element_bytes(view.dtype);
    if (view.data == nullptr) view.data = &empty_;  // an empty direct buffer may have no address
    return view;
  }

  std::vector<a4j_mask_node> next_mask() {
    int64_t count = next();
    if (count < 0 || count > A4J_MAX_MASK_NODES) {
      invalid("the mask has " + std::to_string(count) + " nodes, not 0 to " +
              std::to_string(A4J_MAX_MASK_NODES));
    }
    std::vector<a4j_mask_node> nodes(static_cast<size_t>(count));
    for (a4j_mask_node& node : nodes) {
      node.op = next_int();
      node.left = next();
      node.right = next();
      if (node.op == A4J_MASK_TENSOR) {
        next_dims(node.dims);
        node.tensor = next_view();
      }
    }
    return nodes;
  }

  std::vector<float> next_floats() {
    int64_t count = next();
    if (count < 0 || static_cast<uint64_t>(count) > numbers_.size())
      invalid("the call's floats are too many");
    std::vector<float> floats(static_cast<size_t>(count));
    for (float& value : floats) value = static_cast<float>(next_double());
    return floats;
  }

  void expect_end() const {
    if (at_ != numbers_.size()) invalid("the call's description is too long");
  }

 private:
  static int64_t element_bytes(int32_t dtype) {
    switch (dtype) {
      case A4J_F32:
      case A4J_I32:
        return 4;
      case A4J_BF16:
      case A4J_F16:
        return 2;
      case A4J_BOOL:
        return 1;
      case A4J_I64:
        return 8;
      default:
        invalid("dtype " + std::to_string(dtype) + " is unknown");
    }
  }

  JNIEnv* env_;
  jobjectArray buffers_;
  std::vector<jlong> numbers_;
  size_t at_ = 0;
  int64_t empty_ = 0;
};

/** A problem with the memory that it points into; not movable for that reason. */
struct Call {
  explicit Call(CallReader& reader) {
    problem.struct_size = sizeof problem;
    problem.batch = reader.next();
    problem.heads = reader.next();
    problem.key_heads = reader.next();
    problem.queries = reader.next();
    problem.keys = reader.next();
    problem.key_dim = reader.next();
    problem.value_dim = reader.next();
    problem.query_start = reader.next();
    problem.scale = reader.next_double();
    problem.softcap = reader.next_double();
    problem.query = reader.next_view();
    problem.key = reader.next_view();
    problem.value = reader.next_view();
    slopes = reader.next_floats();
    if (!slopes.empty()) {
      problem.slopes.data = slopes.data();
      problem.slopes.elements = static_cast<int64_t>(slopes.size());
      problem.slopes.strides[1] = 1;
    }
    problem.bias = reader.next_view();
    reader.next_dims(problem.bias_dims);
    mask = reader.next_mask();
    problem.mask = mask.data();
    problem.mask_nodes = static_cast<int64_t>(mask.size());
    problem.dropout = reader.next_double();
    problem.dropout_seed = reader.next();
    problem.dropout_site = reader.next();
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  a4j_attention problem{};
  std::vector<float> slopes;
  std::vector<a4j_mask_node> mask;
};

void forward(JNIEnv* env, jlong handle, jlongArray numbers, jobjectArray buffers) {
  CallReader reader(env, numbers, buffers);
  Call call(reader);
  a4j_view out = reader.next_view();
  a4j_view lse = reader.next_view();
  reader.expect_end();
  a4j_error error{};
  require_ok(a4j_attention_forward(contexts().get(handle).get(), &call.problem, &out,
                                   lse.data == nullptr ? nullptr : &lse, &error),
             error);
}

void backward(JNIEnv* env, jlong handle, jlongArray numbers, jobjectArray buffers) {
  CallReader reader(env, numbers, buffers);
  Call call(reader);
  a4j_gradients gradients{};
  gradients.struct_size = sizeof gradients;
  for (a4j_view* view :
       {&gradients.out, &gradients.lse, &gradients.grad_out, &gradients.grad_lse, &gradients.grad_query,
        &gradients.grad_key, &gradients.grad_value, &gradients.grad_bias}) {
    *view = reader.next_view();
  }
  reader.expect_end();
  a4j_error error{};
  require_ok(a4j_attention_backward(contexts().get(handle).get(), &call.problem, &gradients, &error), error);
}

}  // namespace

extern "C" {

JNIEXPORT jint JNICALL Java_org_attention4j_kernels_NativeCalls_abiVersion(JNIEnv*, jclass) {
  return a4j_abi_version();
}

JNIEXPORT jstring JNICALL Java_org_attention4j_kernels_NativeCalls_version(JNIEnv* env, jclass) {
  return env->NewStringUTF(a4j_version());
}

JNIEXPORT jstring JNICALL Java_org_attention4j_kernels_NativeCalls_selfTest(JNIEnv* env, jclass) {
  a4j_error error{};
  return a4j_self_test(&error) == A4J_OK ? nullptr : env->NewStringUTF(error.message);
}

JNIEXPORT jboolean JNICALL Java_org_attention4j_kernels_NativeCalls_isaAvailable(JNIEnv*, jclass, jint isa) {
  return a4j_isa_available(isa) != 0 ? JNI_TRUE : JNI_FALSE;
}

JNIEXPORT jboolean JNICALL Java_org_attention4j_kernels_NativeCalls_onnxRuntimeIsa(JNIEnv*, jclass,
                                                                                   jint isa) {
  return a4j_onnxruntime_isa(isa) == A4J_OK ? JNI_TRUE : JNI_FALSE;
}

JNIEXPORT jstring JNICALL Java_org_attention4j_kernels_NativeCalls_registerLibtorch(JNIEnv* env, jclass,
                                                                                    jint isa) {
  return guarded<jstring>(env, nullptr, [&] {
    std::string reason = attention4j::register_libtorch_operators(isa);
    return reason.empty() ? nullptr : env->NewStringUTF(reason.c_str());
  });
}

JNIEXPORT jlong JNICALL Java_org_attention4j_kernels_NativeCalls_createContext(JNIEnv* env, jclass, jint isa,
                                                                               jint threads) {
  return guarded<jlong>(env, 0, [&] {
    a4j_error error{};
    a4j_context* context = nullptr;
    require_ok(a4j_context_create(isa, threads, &context, &error), error);
    return contexts().add(context);
  });
}

JNIEXPORT void JNICALL Java_org_attention4j_kernels_NativeCalls_destroyContext(JNIEnv* env, jclass,
                                                                               jlong handle) {
  guarded(env, 0, [&] {
    contexts().remove(handle);
    return 0;
  });
}

JNIEXPORT jint JNICALL Java_org_attention4j_kernels_NativeCalls_contextIsa(JNIEnv* env, jclass,
                                                                           jlong handle) {
  return guarded<jint>(env, -1, [&] { return a4j_context_isa(contexts().get(handle).get()); });
}

JNIEXPORT jint JNICALL Java_org_attention4j_kernels_NativeCalls_contextThreads(JNIEnv* env, jclass,
                                                                               jlong handle) {
  return guarded<jint>(env, 0, [&] { return a4j_context_threads(contexts().get(handle).get()); });
}

JNIEXPORT void JNICALL Java_org_attention4j_kernels_NativeCalls_forward(JNIEnv* env, jclass, jlong handle,
                                                                        jlongArray numbers,
                                                                        jobjectArray buffers) {
  guarded(env, 0, [&] {
    forward(env, handle, numbers, buffers);
    return 0;
  });
}

JNIEXPORT void JNICALL Java_org_attention4j_kernels_NativeCalls_backward(JNIEnv* env, jclass, jlong handle,
                                                                         jlongArray numbers,
                                                                         jobjectArray buffers) {
  guarded(env, 0, [&] {
    backward(env, handle, numbers, buffers);
    return 0;
  });
}

}  // extern "C"
