package org.attention4j.engine.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.ParameterStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.attention4j.error.EngineException;

/**
 * A loaded TorchScript archive whose methods take lists of tensors and return one list of tensors.
 *
 * <p>Methods run operator by operator: the profiling executor is off, because it re-specialises a
 * method over its first calls, and the same call must give the same bits on the first call and on
 * the thousandth. Thread-safe; closed by its owner, or with the manager it was loaded into.
 */
final class TorchProgram implements AutoCloseable {
  private static final String METHOD = "module_method:";

  private final String source;
  private final PtSymbolBlock module;

  private TorchProgram(String source, PtSymbolBlock module) {
    this.source = source;
    this.module = module;
  }

  /**
   * Compiles methods.
   *
   * @param methods source as {@link TorchScriptArchive#of} takes it
   * @throws EngineException if PyTorch rejects the source; the message holds its reason
   */
  static TorchProgram load(NDManager manager, String methods) {
    byte[] archive = TorchScriptArchive.of(methods);
    try (var in = new ByteArrayInputStream(archive)) {
      return new TorchProgram(
          methods, JniUtils.loadModule((PtNDManager) manager, in, false, false));
    } catch (ai.djl.engine.EngineException e) {
      throw new EngineException("PyTorch rejects a generated program: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
  }

  /**
   * Calls a method without autograd: nothing it returns can be differentiated later. It may write
   * into its arguments. Cheaper than {@link #differentiate}, as each list crosses the border whole.
   *
   * @param results owns the returned arrays
   * @param arguments one list of arrays for each parameter of the method
   */
  NDList infer(NDManager results, String method, List<NDList> arguments) {
    JniUtils.setGraphExecutorOptimize(false);
    IValue[] values = new IValue[arguments.size()];
    try {
      for (int i = 0; i < values.length; i++) {
        values[i] = IValue.listFrom(arguments.get(i).toArray(new PtNDArray[0]));
      }
      try (IValue result = IValueUtils.runMethod(module, method, values)) {
        return new NDList(result.toTensorArray((PtNDManager) results));
      }
    } catch (ai.djl.engine.EngineException e) {
      throw failure(method, e);
    } finally {
      for (IValue value : values) {
        if (value != null) {
          value.close();
        }
      }
    }
  }

  /**
   * Calls a method that uses autograd, and may write into its arguments. It detaches what it
   * returns.
   *
   * @param results owns the returned arrays
   * @param arguments one list of arrays for each parameter of the method; an array is in one only
   */
  NDList differentiate(NDManager results, String method, List<NDList> arguments) {
    boolean before = JniUtils.isGradMode();
    JniUtils.setGraphExecutorOptimize(false);
    JniUtils.setGradMode(true);
    NDArray selector = results.create(new Shape());
    try {
      NDList inputs = new NDList();
      selector.setName(METHOD + method);
      inputs.add(selector);
      for (int i = 0; i < arguments.size(); i++) {
        for (NDArray array : arguments.get(i)) {
          array.setName("a" + i + "[]"); // DJL groups arrays of one such name into a list
          inputs.add(array);
        }
        if (arguments.get(i).isEmpty()) { // DJL cannot pass an empty list
          NDArray unused = results.create(new Shape());
          unused.setName("a" + i + "[]");
          inputs.add(unused);
        }
      }
      return module.forward(new ParameterStore(results, false), inputs, true);
    } catch (ai.djl.engine.EngineException e) {
      throw failure(method, e);
    } finally {
      selector.close();
      JniUtils.setGradMode(before);
    }
  }

  private static EngineException failure(String method, ai.djl.engine.EngineException e) {
    return new EngineException("PyTorch failed in " + method + ": " + e.getMessage(), e);
  }

  /** The generated source, for logs and for finding the line that an error names. */
  String source() {
    return source;
  }

  @Override
  public void close() {
    module.close();
  }
}
