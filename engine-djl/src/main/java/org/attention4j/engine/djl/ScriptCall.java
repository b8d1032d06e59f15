package org.attention4j.engine.djl;

import java.util.List;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.TensorType;

/**
 * One operation on its way into a method.
 *
 * @param writer the method
 * @param operands the operands' terms
 * @param types the operands' types
 * @param result the type of the first result
 * @param allSaved for each operand what its op saved; empty if none did
 */
record ScriptCall(
    ScriptWriter writer,
    List<Term> operands,
    List<TensorType> types,
    TensorType result,
    List<List<String>> allSaved) {

  /** A call whose operands saved nothing. */
  ScriptCall(ScriptWriter writer, List<Term> operands, List<TensorType> types, TensorType result) {
    this(writer, operands, types, result, List.of());
  }

  /** Names that the op of an operand saved when it was written; empty if none. */
  List<String> saved(int index) {
    return allSaved.isEmpty() ? List.of() : allSaved.get(index);
  }

  /** An operand as a tensor. */
  String tensor(int index) {
    Term term = operands.get(index);
    if (!term.isNumber()) {
      return term.text();
    }
    DType dtype = types.get(index).dtype();
    return "torch.tensor(" + term.text() + ", " + writer.created(dtype) + ")";
  }

  /** An operand as it is, a tensor or a number. */
  String any(int index) {
    return operands.get(index).text();
  }

  boolean isNumber(int index) {
    return operands.get(index).isNumber();
  }

  TensorType type(int index) {
    return types.get(index);
  }

  int count() {
    return operands.size();
  }

  /** An operand in the element type of matrix products. */
  String factor(int index) {
    return castsFactor(index)
        ? "torch.to("
            + tensor(index)
            + ", "
            + ScriptWriter.scalarType(writer.precision().products())
            + ")"
        : tensor(index);
  }

  /** Whether an operand has another element type in matrix products. */
  boolean castsFactor(int index) {
    return writer.precision().isMixed() && type(index).dtype() == DType.F32;
  }

  /** A product brought back to the element type of everything else. */
  String product(String expression) {
    boolean cast = writer.precision().isMixed() && result.dtype() == DType.F32;
    return cast ? "torch.to(" + expression + ", " + writer.code(DType.F32) + ")" : expression;
  }
}
