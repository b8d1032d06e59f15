package org.attention4j.models.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;

/** Reads whole files of UTF-8 text. */
public final class TextFile {
  private static final long MAX_BYTES = 1L << 30;

  private TextFile() {}

  /**
   * The text of a file.
   *
   * @throws StorageException if it is missing, a directory, or cannot be read
   * @throws FileFormatException if it is empty, no UTF-8 text, or over 1 GiB
   */
  public static String read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw StorageException.noFile("file", file);
    }
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new FileFormatException(file, "over 1 GiB of text; cut it into smaller files");
      }
      return decode(file, Files.readAllBytes(file));
    } catch (IOException e) {
      throw StorageException.of("cannot read " + file, e);
    }
  }

  private static String decode(Path file, byte[] bytes) {
    int start = startsWithByteOrderMark(bytes) ? 3 : 0;
    for (int i = start; i < bytes.length; i++) {
      if (bytes[i] == 0) {
        throw new FileFormatException(
            file,
            i,
            "a zero byte: this is no text"
                + (i < 4 ? " in UTF-8; UTF-16 has to be converted to it" : ""));
      }
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes, start, bytes.length - start);
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(buffer)
              .toString();
      if (text.isBlank()) {
        throw new FileFormatException(file, "this file is empty");
      }
      return text;
    } catch (CharacterCodingException e) {
      int line = 1;
      for (int i = 0; i < buffer.position(); i++) {
        line += bytes[i] == '\n' ? 1 : 0;
      }
      throw new FileFormatException(
          file,
          buffer.position(),
          "this is no UTF-8 text, in line "
              + line
              + "; other encodings have to be converted to it");
    }
  }

  private static boolean startsWithByteOrderMark(byte[] bytes) {
    return bytes.length >= 3
        && bytes[0] == (byte) 0xEF
        && bytes[1] == (byte) 0xBB
        && bytes[2] == (byte) 0xBF;
  }

  /** SHA-256 of a text in UTF-8, to recognise a corpus again. */
  public static String sha256(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
