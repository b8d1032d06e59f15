// The part of libtorch's stable C interface (the "shim" that libtorch_cpu exports) that the operators
// need, bound by name in the library that the process has already loaded. No libtorch headers.
#pragma once

#include <cstdint>
#include <string>

#include "wire.h"

namespace attention4j {

struct TorchTensor;   // an at::Tensor*
struct TorchLibrary;  // a torch::Library*

/** An argument or result of an operator; a tensor's is its handle. */
using StableValue = uint64_t;
using BoxedKernel = void (*)(StableValue* stack, uint64_t arguments, uint64_t results);

/** The functions; every int32_t is 0 where the call succeeded. */
struct TorchShim {
  int32_t (*data)(TorchTensor*, void**);
  int32_t (*dim)(TorchTensor*, int64_t*);
  int32_t (*sizes)(TorchTensor*, int64_t**);
  int32_t (*strides)(TorchTensor*, int64_t**);
  int32_t (*dtype)(TorchTensor*, int32_t*);
  int32_t (*device_type)(TorchTensor*, int32_t*);
  int32_t (*empty_strided)(int64_t dim, const int64_t* sizes, const int64_t* strides, int32_t dtype,
                           int32_t device_type, int32_t device_index, TorchTensor** result);
  int32_t (*delete_tensor)(TorchTensor*);
  int32_t (*library_define)(const char* name, const char* file, uint32_t line, TorchLibrary** result);
  int32_t (*library_implement)(const char* name, const char* key, const char* file, uint32_t line,
                               TorchLibrary** result);
  int32_t (*define)(TorchLibrary*, const char* schema);
  int32_t (*implement)(TorchLibrary*, const char* name, BoxedKernel kernel);
  /** Throws the exception that PyTorch's own operators throw. */
  void (*fail)(const char* function, const char* file, uint32_t line, const char* message);
  /** Threads that an operator called from this thread may use. */
  int (*threads)();

  /** Binds the functions for good; null, with the reason, where they are not loaded. */
  static const TorchShim* get(std::string& reason);

  /** A tensor's memory, sizes, strides and type. Throws Failure if it is not on the CPU. */
  ForeignTensor view(TorchTensor* tensor) const;
};

/** A handle that the kernel owns: an argument until it is dropped, a result until it is given back. */
class OwnedTensor {
 public:
  OwnedTensor(const TorchShim& shim, TorchTensor* tensor) : shim_(&shim), tensor_(tensor) {}
  /** New memory, shaped like `like`. Throws Failure. */
  OwnedTensor(const TorchShim& shim, const ForeignTensor& like);
  OwnedTensor(OwnedTensor&& other) noexcept : shim_(other.shim_), tensor_(other.release()) {}
  OwnedTensor(const OwnedTensor&) = delete;
  OwnedTensor& operator=(const OwnedTensor&) = delete;
  OwnedTensor& operator=(OwnedTensor&&) = delete;
  ~OwnedTensor() {
    if (tensor_ != nullptr) shim_->delete_tensor(tensor_);
  }

  TorchTensor* get() const { return tensor_; }
  TorchTensor* release() {
    TorchTensor* tensor = tensor_;
    tensor_ = nullptr;
    return tensor;
  }

 private:
  const TorchShim* shim_;
  TorchTensor* tensor_;
};

}  // namespace attention4j
