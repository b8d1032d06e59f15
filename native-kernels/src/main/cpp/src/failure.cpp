#include "failure.h"

#include <cstdio>
#include <new>

namespace attention4j {

int32_t report(a4j_error* error, a4j_status code, const char* message) noexcept {
  if (error != nullptr) {
    error->code = code;
    std::snprintf(error->message, sizeof error->message, "%s", message);
  }
  return code;
}

int32_t report_current_exception(a4j_error* error) noexcept {
  try {
    throw;
  } catch (const Failure& failure) {
    return report(error, failure.code(), failure.what());
  } catch (const std::bad_alloc&) {
    return report(error, A4J_OUT_OF_MEMORY, "the kernel could not allocate its scratch memory");
  } catch (const std::exception& exception) {
    return report(error, A4J_INTERNAL, exception.what());
  } catch (...) {
    return report(error, A4J_INTERNAL, "unknown C++ exception");
  }
}

}  // namespace attention4j
