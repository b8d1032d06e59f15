package org.attention4j.onnxformat;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.attention4j.error.FileFormatException;
import org.attention4j.onnxformat.proto.ModelProto;
import org.attention4j.onnxformat.proto.TensorProto;

/**
 * Reads and writes model and tensor files. Files are written under a temporary name and moved, so
 * that a reader never sees half a file.
 */
public final class OnnxFiles {
  /** Protobuf messages cannot exceed 2 GB; above this size the weights go to a second file. */
  public static final long EXTERNAL_DATA_ABOVE = 1_500_000_000L;

  /** External tensors begin at multiples of this, so that they can be mapped. */
  public static final int ALIGNMENT = 4096;

  /** Tensors smaller than this stay in the model file, where shape constants must be. */
  private static final int SMALLEST_EXTERNAL = 1024;

  private static final int MAX_NESTING = 64;

  private OnnxFiles() {}

  /**
   * Reads a model; external data stays where it is.
   *
   * @throws FileFormatException if the file is not an ONNX model
   * @throws IOException if it cannot be read
   */
  public static ModelProto readModel(Path file) throws IOException {
    ModelProto model;
    try (InputStream in = open(file)) {
      model = ModelProto.parseFrom(limited(in));
    } catch (InvalidProtocolBufferException e) {
      throw new FileFormatException(file, "not an ONNX model: " + e.getMessage(), e);
    }
    if (!model.hasGraph() || model.getIrVersion() <= 0) {
      throw new FileFormatException(file, "not an ONNX model: it has no graph or no version");
    }
    return model;
  }

  /**
   * Reads a tensor file such as {@code input_0.pb}.
   *
   * @throws FileFormatException if the file is not a tensor
   * @throws IOException if it cannot be read
   */
  public static TensorProto readTensor(Path file) throws IOException {
    try (InputStream in = open(file)) {
      return TensorProto.parseFrom(limited(in));
    } catch (InvalidProtocolBufferException e) {
      throw new FileFormatException(file, "not an ONNX tensor: " + e.getMessage(), e);
    }
  }

  /**
   * Writes a model. Its weights go to {@code FILE_data} beside it if asked for, or if they are
   * larger than {@link #EXTERNAL_DATA_ABOVE}.
   *
   * @return whether the weights went to a second file
   * @throws IOException if the disk is full or the folder cannot be written
   */
  public static boolean writeModel(Path file, ModelProto model, boolean externalData)
      throws IOException {
    long bytes = 0;
    for (TensorProto tensor : model.getGraph().getInitializerList()) {
      bytes += tensor.getRawData().size();
    }
    boolean external = externalData || bytes > EXTERNAL_DATA_ABOVE;
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException(file + " is not a file name");
    }
    Files.createDirectories(folder);
    Path data = file.resolveSibling(file.getFileName() + "_data");
    Path temporaryModel = Files.createTempFile(folder, ".model", ".tmp");
    Path temporaryData = null;
    try {
      ModelProto written = model;
      if (external) {
        temporaryData = Files.createTempFile(folder, ".data", ".tmp");
        written = writeExternal(temporaryData, data.getFileName().toString(), model);
      }
      try (OutputStream out =
          new BufferedOutputStream(Files.newOutputStream(temporaryModel), 1 << 16)) {
        written.writeTo(out);
      }
      if (temporaryData != null) {
        move(temporaryData, data);
      }
      move(temporaryModel, file);
      if (!external) {
        // an earlier export may have left weights that nothing refers to any more
        Files.deleteIfExists(data);
      }
      return external;
    } finally {
      Files.deleteIfExists(temporaryModel);
      if (temporaryData != null) {
        Files.deleteIfExists(temporaryData);
      }
    }
  }

  private static ModelProto writeExternal(Path target, String location, ModelProto model)
      throws IOException {
    ModelProto.Builder result = model.toBuilder();
    long position = 0;
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(target), 1 << 16)) {
      for (TensorProto.Builder tensor : result.getGraphBuilder().getInitializerBuilderList()) {
        int length = tensor.getRawData().size();
        if (length < SMALLEST_EXTERNAL) {
          continue;
        }
        int gap = (int) ((ALIGNMENT - position % ALIGNMENT) % ALIGNMENT);
        out.write(new byte[gap]);
        position += gap;
        tensor.getRawData().writeTo(out);
        new ExternalData(location, position, length).writeTo(tensor);
        position += length;
      }
    }
    return result.build();
  }

  private static void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static InputStream open(Path file) throws IOException {
    return new BufferedInputStream(Files.newInputStream(file), 1 << 16);
  }

  private static CodedInputStream limited(InputStream in) {
    CodedInputStream coded = CodedInputStream.newInstance(in);
    coded.setSizeLimit(Integer.MAX_VALUE);
    coded.setRecursionLimit(MAX_NESTING);
    return coded;
  }
}
