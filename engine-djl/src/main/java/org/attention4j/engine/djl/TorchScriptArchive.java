package org.attention4j.engine.djl;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a TorchScript archive, the file that {@code torch.jit.save} writes, from Java source text.
 *
 * <p>The archive is a zip of stored entries: {@code version} (the operator set), {@code data.pkl}
 * (a pickled module without parameters), {@code constants.pkl} (an empty tuple) and {@code
 * code/__torch__.py} (one class whose methods are the program). PyTorch compiles the source on
 * loading, so that a method has all of its operators and is differentiated by its autograd.
 */
final class TorchScriptArchive {
  /** The operator-set version of the archive; version 10 has been current since PyTorch 1.10. */
  private static final String OPERATOR_SET = "10\n";

  private static final String CLASS_NAME = "Program";

  /** PyTorch reads an entry's payload at this alignment. */
  private static final int ALIGNMENT = 64;

  /** Bytes of a zip entry's local header before its name. */
  private static final int LOCAL_HEADER = 30;

  private TorchScriptArchive() {}

  /**
   * Packs methods into an archive.
   *
   * @param methods the methods' source, {@code def} in the first column, each with a first
   *     parameter {@code self}
   * @return the archive's bytes
   */
  static byte[] of(String methods) {
    String source =
        "class "
            + CLASS_NAME
            + "(Module):\n"
            + "  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
            + methods.indent(2);
    var bytes = new ByteArrayOutputStream(source.length() + 2048);
    try (var zip = new ZipOutputStream(bytes)) {
      var writer = new EntryWriter(zip);
      writer.add("data.pkl", module());
      writer.add("code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
      writer.add("constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
      writer.add("version", OPERATOR_SET.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return bytes.toByteArray();
  }

  /** Pickle of {@code __torch__.Program()} with the state {@code {training: True}}. */
  private static byte[] module() {
    var pickle = new ByteArrayOutputStream();
    pickle.writeBytes(new byte[] {(byte) 0x80, 2}); // PROTO 2
    pickle.writeBytes(("c__torch__\n" + CLASS_NAME + "\n").getBytes(StandardCharsets.US_ASCII));
    pickle.writeBytes(new byte[] {')', (byte) 0x81, '}'}); // EMPTY_TUPLE NEWOBJ EMPTY_DICT
    byte[] key = "training".getBytes(StandardCharsets.US_ASCII);
    pickle.writeBytes(new byte[] {'X', (byte) key.length, 0, 0, 0}); // BINUNICODE
    pickle.writeBytes(key);
    pickle.writeBytes(new byte[] {(byte) 0x88, 's', 'b', '.'}); // NEWTRUE SETITEM BUILD STOP
    return pickle.toByteArray();
  }

  private static final class EntryWriter {
    private final ZipOutputStream zip;
    private long offset;

    EntryWriter(ZipOutputStream zip) {
      this.zip = zip;
    }

    void add(String name, byte[] content) throws IOException {
      var entry = new ZipEntry("archive/" + name);
      var crc = new CRC32();
      crc.update(content);
      entry.setMethod(ZipEntry.STORED);
      entry.setSize(content.length);
      entry.setCrc(crc.getValue());
      entry.setTime(0);
      // An extra field ("FB", as torch writes it) pads the header so that the payload is aligned.
      long header = offset + LOCAL_HEADER + entry.getName().length();
      int padding = (int) (2L * ALIGNMENT - (header + 4) % ALIGNMENT) % ALIGNMENT;
      byte[] extra = new byte[4 + padding];
      extra[0] = 'F';
      extra[1] = 'B';
      extra[2] = (byte) padding;
      entry.setExtra(extra);
      zip.putNextEntry(entry);
      zip.write(content);
      zip.closeEntry();
      offset = header + extra.length + content.length;
    }
  }
}
