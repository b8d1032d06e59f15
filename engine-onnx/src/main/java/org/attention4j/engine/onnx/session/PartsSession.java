package org.attention4j.engine.onnx.session;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Session;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/**
 * The exported files of an encoder and a decoder as one session, which takes the names of the whole
 * model. Thread-safe.
 */
public final class PartsSession implements Session {
  private final OrtModel encoder;
  private final Session decoder;

  private PartsSession(OrtModel encoder, Session decoder) {
    this.encoder = encoder;
    this.decoder = decoder;
  }

  /** Opens files; the session owns the decoder's and closes both. */
  public static PartsSession open(Path encoder, Session decoder, OrtSettings settings) {
    try {
      return new PartsSession(FileSession.model(encoder, settings), decoder);
    } catch (RuntimeException e) {
      decoder.close();
      throw e;
    }
  }

  /** Names that one of the files takes: those of the decoder with their prefix. */
  @Override
  public Set<String> inputs() {
    Set<String> names = new LinkedHashSet<>(encoder.signature().inputs().keySet());
    for (String name : decoder.inputs()) {
      if (name.startsWith("encoder_")) {
        names.add(name.substring("encoder_".length()));
      } else {
        names.add("decoder_" + name);
      }
    }
    names.remove("hidden_states");
    return names;
  }

  private HostTensor memory(Map<String, HostTensor> inputs) {
    Map<String, HostTensor> used = new LinkedHashMap<>(inputs);
    used.keySet().retainAll(encoder.signature().inputs().keySet());
    return Objects.requireNonNull(encoder.run(used).get(PartNames.ENCODED));
  }

  private Map<String, HostTensor> decoders(Map<String, HostTensor> inputs, HostTensor memory) {
    Map<String, HostTensor> used = PartNames.inDecoder(inputs);
    used.put(PartNames.MEMORY, memory);
    used.keySet().retainAll(decoder.inputs());
    return used;
  }

  @Override
  public Map<String, HostTensor> run(Map<String, HostTensor> inputs) {
    return decoder.run(decoders(inputs, memory(inputs)));
  }

  @Override
  public Decoding decode() {
    Decoding steps = decoder.decode();
    return new Decoding() {
      private HostTensor memory = HostTensor.zeros(DType.F32, 0);

      @Override
      public Map<String, HostTensor> next(Map<String, HostTensor> inputs) {
        if (steps.length() == 0) {
          memory = memory(inputs); // the source is read once
        }
        return steps.next(decoders(inputs, memory));
      }

      @Override
      public void select(long... rows) {
        throw new UsageException("files are decoded for checking, with the batch they begin with");
      }

      @Override
      public void truncate(long length) {
        steps.truncate(length);
      }

      @Override
      public long length() {
        return steps.length();
      }

      @Override
      public void close() {
        steps.close();
      }
    };
  }

  @Override
  public String description() {
    return "onnx: encoder and decoder, " + decoder.description();
  }

  @Override
  public void close() {
    encoder.close();
    decoder.close();
  }
}
