#include "libtorch_shim.h"

#include <dlfcn.h>

#include <memory>

#include "failure.h"

namespace attention4j {
namespace {

/** PyTorch's numbers of element types (c10::ScalarType), which are part of its file format. */
enum ScalarType : int32_t {
  kByte = 0,
  kChar = 1,
  kInt = 3,
  kLong = 4,
  kHalf = 5,
  kFloat = 6,
  kBool = 11,
  kBfloat16 = 15
};

constexpr int32_t kCpu = 0;

int32_t scalar_type(int32_t dtype) {
  switch (dtype) {
    case A4J_F32:
      return kFloat;
    case A4J_BF16:
      return kBfloat16;
    case A4J_F16:
      return kHalf;
    default:
      throw Failure(A4J_INTERNAL, "no result has dtype " + std::to_string(dtype));
  }
}

int32_t kernel_dtype(int32_t type) {
  switch (type) {
    case kFloat:
      return A4J_F32;
    case kBfloat16:
      return A4J_BF16;
    case kHalf:
      return A4J_F16;
    case kBool:
    case kByte:
    case kChar:
      return A4J_BOOL;
    case kInt:
      return A4J_I32;
    case kLong:
      return A4J_I64;
    default:
      throw Failure(A4J_INVALID_ARGUMENT,
                    "the kernels do not take PyTorch's element type " + std::to_string(type));
  }
}

void require(int32_t code, const char* what) {
  if (code != 0) throw Failure(A4J_INTERNAL, std::string("PyTorch failed to ") + what);
}

class Symbols {
 public:
  template <class Function>
  void bind(Function& function, const char* library, const char* name) {
    if (!reason_.empty()) return;
    void* handle = dlopen(library, RTLD_NOLOAD | RTLD_NOW);
    if (handle == nullptr) {
      reason_ = std::string(library) + " is not loaded in this process";
      return;
    }
    function = reinterpret_cast<Function>(dlsym(handle, name));
    dlclose(handle);  // only the count that dlopen raised
    if (function == nullptr) reason_ = std::string("this ") + library + " has no " + name;
  }

  const std::string& reason() const { return reason_; }

 private:
  std::string reason_;
};

struct Bound {
  TorchShim shim{};
  std::string reason;

  Bound() {
    const char* torch = "libtorch_cpu.so";
    Symbols symbols;
    symbols.bind(shim.data, torch, "aoti_torch_get_data_ptr");
    symbols.bind(shim.dim, torch, "aoti_torch_get_dim");
    symbols.bind(shim.sizes, torch, "aoti_torch_get_sizes");
    symbols.bind(shim.strides, torch, "aoti_torch_get_strides");
    symbols.bind(shim.dtype, torch, "aoti_torch_get_dtype");
    symbols.bind(shim.device_type, torch, "aoti_torch_get_device_type");
    symbols.bind(shim.empty_strided, torch, "aoti_torch_empty_strided");
    symbols.bind(shim.delete_tensor, torch, "aoti_torch_delete_tensor_object");
    symbols.bind(shim.library_define, torch, "aoti_torch_library_init_def");
    symbols.bind(shim.library_implement, torch, "aoti_torch_library_init_impl");
    symbols.bind(shim.define, torch, "aoti_torch_library_def");
    symbols.bind(shim.implement, torch, "aoti_torch_library_impl");
    symbols.bind(shim.threads, torch, "_ZN2at15get_num_threadsEv");  // at::get_num_threads()
    // c10::detail::torchCheckFail(const char*, const char*, unsigned, const char*)
    symbols.bind(shim.fail, "libc10.so", "_ZN3c106detail14torchCheckFailEPKcS2_jS2_");
    reason = symbols.reason();
  }
};

}  // namespace

const TorchShim* TorchShim::get(std::string& reason) {
  std::unique_ptr<Bound> bound(new Bound());
  reason = bound->reason;
  return reason.empty() ? &bound.release()->shim : nullptr;  // calls may come while the process ends
}

ForeignTensor TorchShim::view(TorchTensor* tensor) const {
  int32_t device = 0;
  require(device_type(tensor, &device), "tell a tensor's device");
  if (device != kCpu) throw Failure(A4J_INVALID_ARGUMENT, "the kernels take tensors on the CPU only");
  int64_t axes = 0;
  int64_t* all_sizes = nullptr;
  int64_t* all_strides = nullptr;
  int32_t type = 0;
  ForeignTensor result;
  require(dim(tensor, &axes), "tell a tensor's rank");
  if (axes > ForeignTensor::kMaxRank) {
    throw Failure(A4J_INVALID_ARGUMENT, "a tensor has " + std::to_string(axes) + " axes");
  }
  require(sizes(tensor, &all_sizes), "tell a tensor's sizes");
  require(strides(tensor, &all_strides), "tell a tensor's strides");
  require(dtype(tensor, &type), "tell a tensor's type");
  require(data(tensor, &result.data), "tell where a tensor lies");
  result.dtype = kernel_dtype(type);
  result.rank = static_cast<int>(axes);
  for (int axis = 0; axis < result.rank; axis++) {
    result.sizes[axis] = all_sizes[axis];
    result.strides[axis] = all_strides[axis];
  }
  return result;
}

OwnedTensor::OwnedTensor(const TorchShim& shim, const ForeignTensor& like) : shim_(&shim), tensor_(nullptr) {
  require(shim.empty_strided(like.rank, like.sizes, like.strides, scalar_type(like.dtype), kCpu, 0, &tensor_),
          "allocate a tensor");
}

}  // namespace attention4j
