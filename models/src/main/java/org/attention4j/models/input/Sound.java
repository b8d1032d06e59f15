package org.attention4j.models.input;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioFormat.Encoding;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;

/** Samples of one channel, from -1 to 1. Immutable, thread-safe. */
public final class Sound {
  /** Longer files are refused before they are read: 1 GiB, 9 hours of 16 kHz. */
  private static final long MAX_BYTES = 1L << 30;

  private final int rate;
  private final float[] samples;

  private Sound(int rate, float[] samples) {
    this.rate = rate;
    this.samples = samples;
  }

  /**
   * Sound of given samples.
   *
   * @param rate samples in a second
   * @param samples copied
   * @throws UsageException if the rate is not positive, or a sample is not a number
   */
  public static Sound of(int rate, float... samples) {
    if (rate < 1) {
      throw new UsageException("a sampling rate is at least 1 Hz, not " + rate);
    }
    for (int i = 0; i < samples.length; i++) {
      if (!Float.isFinite(samples[i])) {
        throw new UsageException("sample " + i + " is " + samples[i]);
      }
    }
    return new Sound(rate, samples.clone());
  }

  /**
   * Reads a WAV file of 8, 16, 24 or 32 bit samples or of floating ones; several channels become
   * their mean.
   *
   * @throws StorageException if there is no such file, or it cannot be read
   * @throws FileFormatException if it is no WAV file, is cut off, or has samples of another kind
   */
  public static Sound read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw StorageException.noFile("audio file", file);
    }
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      if (Files.size(file) > MAX_BYTES) {
        throw new FileFormatException(file, "is longer than " + MAX_BYTES + " bytes");
      }
      try (AudioInputStream audio = AudioSystem.getAudioInputStream(in)) {
        return read(file, audio);
      }
    } catch (UnsupportedAudioFileException e) {
      throw new FileFormatException(
          file,
          "is no WAV file that can be read here; convert it: ffmpeg -i IN -ar 16000 OUT.wav",
          e);
    } catch (IOException e) {
      throw StorageException.of("cannot read " + file, e);
    } catch (IllegalArgumentException | ArithmeticException | IndexOutOfBoundsException e) {
      throw new FileFormatException(file, "the sound cannot be read: " + e.getMessage(), e);
    }
  }

  private static Sound read(Path file, AudioInputStream audio) throws IOException {
    AudioFormat format = audio.getFormat();
    int channels = format.getChannels();
    int bytes = format.getSampleSizeInBits() / Byte.SIZE;
    int rate = Math.round(format.getSampleRate());
    boolean floating = format.getEncoding().equals(Encoding.PCM_FLOAT);
    boolean whole = format.getEncoding().equals(Encoding.PCM_SIGNED);
    boolean unsigned = format.getEncoding().equals(Encoding.PCM_UNSIGNED);
    boolean served =
        (floating && (bytes == Float.BYTES || bytes == Double.BYTES))
            || (whole && bytes >= 2 && bytes <= 4)
            || (unsigned && bytes == 1);
    if (!served
        || channels < 1
        || rate < 1
        || format.getSampleSizeInBits() % Byte.SIZE != 0
        || format.getFrameSize() != bytes * channels) {
      throw new FileFormatException(
          file, "holds " + format + "; samples of 8 to 32 bits or floating ones are read here");
    }
    byte[] data = audio.readAllBytes();
    long frames = audio.getFrameLength();
    if (data.length % format.getFrameSize() != 0
        || (frames >= 0 && data.length / format.getFrameSize() < frames)) {
      throw new FileFormatException(
          file, "is cut off: " + data.length + " bytes of sound where it tells of more");
    }
    ByteBuffer buffer = ByteBuffer.wrap(data);
    buffer.order(format.isBigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    float[] samples = new float[data.length / format.getFrameSize()];
    for (int i = 0; i < samples.length; i++) {
      double sum = 0;
      for (int c = 0; c < channels; c++) {
        sum += sample(buffer, bytes, floating);
      }
      samples[i] = (float) (sum / channels);
      if (!Float.isFinite(samples[i])) {
        throw new FileFormatException(file, "sample " + i + " is " + samples[i]);
      }
    }
    return new Sound(rate, samples);
  }

  private static double sample(ByteBuffer buffer, int bytes, boolean floating) {
    if (floating) {
      return bytes == Float.BYTES ? buffer.getFloat() : buffer.getDouble();
    }
    return switch (bytes) {
      case 1 -> ((buffer.get() & 0xFF) - 128) / 128.0;
      case 2 -> buffer.getShort() / 32768.0;
      case 3 -> three(buffer) / 8388608.0;
      default -> buffer.getInt() / 2147483648.0;
    };
  }

  private static int three(ByteBuffer buffer) {
    int a = buffer.get() & 0xFF;
    int b = buffer.get() & 0xFF;
    int c = buffer.get() & 0xFF;
    boolean big = buffer.order() == ByteOrder.BIG_ENDIAN;
    int high = big ? a : c;
    int low = big ? c : a;
    return (high << 24 | b << 16 | low << 8) >> 8; // with the sign
  }

  /** Samples in a second. */
  public int rate() {
    return rate;
  }

  /** Number of samples. */
  public int length() {
    return samples.length;
  }

  /** How long it lasts. */
  public double seconds() {
    return (double) samples.length / rate;
  }

  /** A copy of the samples. */
  public float[] samples() {
    return samples.clone();
  }

  float sample(int index) {
    return samples[index];
  }

  /** A part of it, in samples; the end may be beyond the last one. */
  public Sound part(int from, int to) {
    if (from < 0 || from > to || from > samples.length) {
      throw new UsageException(
          "no part of " + samples.length + " samples is from " + from + " to " + to);
    }
    return new Sound(rate, Arrays.copyOfRange(samples, from, Math.min(to, samples.length)));
  }

  /** The same sound at another rate; see {@link RateConversion}. */
  public Sound at(int newRate) {
    return newRate == rate ? this : Sound.of(newRate, RateConversion.apply(samples, rate, newRate));
  }
}
