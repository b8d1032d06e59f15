// How an error travels inside the library: thrown as a Failure, turned into a code at the border.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "attention4j/kernels.h"

namespace attention4j {

class Failure : public std::runtime_error {
 public:
  Failure(a4j_status code, const std::string& message) : std::runtime_error(message), code_(code) {}
  a4j_status code() const { return code_; }

 private:
  a4j_status code_;
};

/** Fills in the caller's error, if there is one, cutting the message to fit; returns the code. */
int32_t report(a4j_error* error, a4j_status code, const char* message) noexcept;

/** Turns the exception being handled into a code; for use in catch (...). */
int32_t report_current_exception(a4j_error* error) noexcept;

}  // namespace attention4j
