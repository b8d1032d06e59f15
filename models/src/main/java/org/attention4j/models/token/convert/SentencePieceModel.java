package org.attention4j.models.token.convert;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;

/**
 * A SentencePiece model, as far as tokenization needs it: {@code ModelProto} of {@code
 * sentencepiece_model.proto} (Kudo and Richardson 2018).
 *
 * @param file where it was read
 * @param pieces by their ids
 * @param kind how pieces are found
 * @param unknown id of the unknown piece
 * @param byteFallback whether unknown characters become their bytes
 * @param normalizer what happens to texts before
 */
record SentencePieceModel(
    Path file,
    List<Piece> pieces,
    Kind kind,
    int unknown,
    boolean byteFallback,
    Normalizer normalizer) {

  /** Larger ones are none; the largest known have about 7 MB. */
  private static final long MAX_BYTES = 64L << 20;

  private static final int MAX_PIECES = 1 << 22;

  /** The algorithms of {@code TrainerSpec.ModelType}, in its order. */
  enum Kind {
    UNIGRAM,
    BPE,
    WORD,
    CHAR
  }

  /** {@code SentencePiece.Type}, in its order. */
  enum Type {
    NORMAL,
    UNKNOWN,
    CONTROL,
    USER_DEFINED,
    UNUSED,
    BYTE
  }

  /** A piece of text and the logarithm of its probability, or its rank downwards from 0. */
  record Piece(String text, float score, Type type) {}

  /**
   * {@code NormalizerSpec}.
   *
   * @param map a character map as {@code Precompiled} takes it; empty for none
   * @param prefix whether a space is put before texts
   * @param trims whether spaces at the ends go, and several become one
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Normalizer(byte[] map, boolean prefix, boolean trims) {}

  /**
   * Reads a file.
   *
   * @throws StorageException if it is missing or cannot be read
   * @throws FileFormatException if it is no SentencePiece model
   */
  static SentencePieceModel read(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new FileFormatException(file, "is too large for a SentencePiece model");
      }
      return new Reader(file).model(CodedInputStream.newInstance(Files.readAllBytes(file)));
    } catch (NoSuchFileException e) {
      throw new StorageException("there is no file " + file, e);
    } catch (InvalidProtocolBufferException | CharacterCodingException e) {
      throw new FileFormatException(file, "is no SentencePiece model: " + e.getMessage(), e);
    } catch (IOException e) {
      throw StorageException.of("cannot read " + file, e);
    }
  }

  /** The fields by their numbers; those that are not known are skipped. */
  @SuppressWarnings("EnumOrdinal") // the numbers of the format are in the order of the names
  private static final class Reader {
    private final Path file;
    private final List<Piece> pieces = new ArrayList<>();
    private int kind = 1;
    private boolean byteFallback;
    private byte[] map = {};
    private boolean prefix = true;
    private boolean trims = true;

    Reader(Path file) {
      this.file = file;
    }

    SentencePieceModel model(CodedInputStream in) throws IOException {
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (tag) {
          case 1 << 3 | 2 -> within(in, this::piece);
          case 2 << 3 | 2 -> within(in, this::trainer);
          case 3 << 3 | 2 -> within(in, this::normalizer);
          default -> skip(in, tag);
        }
      }
      if (pieces.isEmpty()) {
        throw new FileFormatException(file, "is no SentencePiece model: it has no pieces");
      }
      int unknown = -1;
      for (int id = 0; id < pieces.size(); id++) {
        if (pieces.get(id).type == Type.UNKNOWN) {
          unknown = unknown < 0 ? id : several();
        }
      }
      if (unknown < 0) {
        throw new FileFormatException(file, "has no unknown piece");
      }
      if (kind < 1 || kind > Kind.values().length) {
        throw new FileFormatException(file, "is of a model type that is not known: " + kind);
      }
      return new SentencePieceModel(
          file,
          List.copyOf(pieces),
          Kind.values()[kind - 1],
          unknown,
          byteFallback,
          new Normalizer(map, prefix, trims));
    }

    private int several() {
      throw new FileFormatException(file, "has several unknown pieces");
    }

    @FunctionalInterface
    private interface Message {
      void read(CodedInputStream in) throws IOException;
    }

    private static void within(CodedInputStream in, Message message) throws IOException {
      int limit = in.pushLimit(in.readRawVarint32());
      message.read(in);
      in.checkLastTagWas(0);
      in.popLimit(limit);
    }

    private static void skip(CodedInputStream in, int tag) throws IOException {
      if (!in.skipField(tag)) {
        throw new InvalidProtocolBufferException("a group ends that has not begun");
      }
    }

    private void piece(CodedInputStream in) throws IOException {
      String text = "";
      float score = 0;
      int type = 1;
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (tag) {
          case 1 << 3 | 2 -> text = utf8(in.readByteArray());
          case 2 << 3 | 5 -> score = in.readFloat();
          case 3 << 3 -> type = in.readEnum();
          default -> skip(in, tag);
        }
      }
      String where = "piece " + pieces.size();
      if (text.isEmpty()) {
        throw new FileFormatException(file, where + " is empty");
      }
      if (!Float.isFinite(score)) {
        throw new FileFormatException(file, where + " has the score " + score);
      }
      if (type < 1 || type > Type.values().length) {
        throw new FileFormatException(file, where + " is of a type that is not known: " + type);
      }
      if (pieces.size() == MAX_PIECES) {
        throw new FileFormatException(file, "has more than " + MAX_PIECES + " pieces");
      }
      pieces.add(new Piece(text, score, Type.values()[type - 1]));
    }

    private void trainer(CodedInputStream in) throws IOException {
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (tag) {
          case 3 << 3 -> kind = in.readEnum();
          case 24 << 3 -> refuse(in.readBool(), "marks spaces at the ends of words");
          case 35 << 3 -> byteFallback = in.readBool();
          default -> skip(in, tag);
        }
      }
    }

    private void normalizer(CodedInputStream in) throws IOException {
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (tag) {
          case 2 << 3 | 2 -> map = in.readByteArray();
          case 3 << 3 -> prefix = in.readBool();
          case 4 << 3 -> trims = in.readBool();
          case 5 << 3 -> refuse(!in.readBool(), "leaves spaces as they are");
          default -> skip(in, tag);
        }
      }
    }

    private void refuse(boolean is, String what) {
      if (is) {
        throw new FileFormatException(file, what + ", which is not supported");
      }
    }

    /** Protobuf's own reader would put replacement characters where there is no UTF-8. */
    private static String utf8(byte[] bytes) throws CharacterCodingException {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }
  }
}
