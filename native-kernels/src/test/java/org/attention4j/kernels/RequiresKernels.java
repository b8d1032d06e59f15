package org.attention4j.kernels;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips a test, with the reason, where the kernels were not built: no C++ compiler. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresKernels.Condition.class)
@interface RequiresKernels {

  /** A library that was built and does not load is a failure, not a reason to skip. */
  final class Condition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      NativeLibrary library = NativeLibrary.get();
      boolean notBuilt = library.reason().startsWith("built without the native kernels");
      return notBuilt
          ? ConditionEvaluationResult.disabled(library.reason())
          : ConditionEvaluationResult.enabled("the kernels were built");
    }
  }
}
