package org.attention4j.models.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Generation;
import org.attention4j.models.input.Sound;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.text.Transcriber;
import org.attention4j.models.text.Transcript;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "transcribe",
    sortOptions = false,
    description = {
      "Write down the speech of a WAV file with a Whisper of Hugging Face's.",
      "Sound of another rate is converted. Of more than 30 s, the model's time stamps tell where to go"
          + " on; a model without them reads pieces of 30 s."
    })
final class TranscribeCommand implements Callable<Integer> {

  @Mixin private SourceOption from = new SourceOption();

  @Option(
      names = "--audio",
      paramLabel = "FILE",
      required = true,
      description = "WAV file of 8 to 32 bits or floating samples, any rate, any channels.")
  @SuppressWarnings("NullAway.Init") // set by picocli
  private Path audio;

  @Option(
      names = "--language",
      paramLabel = "CODE",
      description = "What is spoken, such as en. Default: what the model's files say, or it hears.")
  private @Nullable String language;

  @Option(
      names = "--task",
      paramLabel = "NAME",
      description = "transcribe, or translate into English. Default: what the model's files say.")
  private @Nullable String task;

  @Option(
      names = {"--tokens", "--max-tokens"},
      paramLabel = "N",
      description = "New tokens at most for each piece. Default: what the model's files say.")
  private int tokens;

  @Option(
      names = "--timestamps",
      description =
          "Print a line for each thing that was said: start and end in seconds and the text, with"
              + " tabs between.")
  private boolean stamped;

  @Mixin private SpeechFlags flags = new SpeechFlags();
  @Mixin private EngineOptions engine = new EngineOptions();
  @Mixin private Common common = new Common();

  @Override
  public Integer call() {
    if (tokens < 0) {
      throw new UsageException("--tokens is 1 or more, not " + tokens);
    }
    Sound sound = Sound.read(audio);
    try (Transcriber transcriber =
        Transcriber.open(from.path(), engine.engine(), engine.session())) {
      common.progress(transcriber.description());
      long before = System.nanoTime();
      Transcriber.Wish wish =
          new Transcriber.Wish(language, task, tokens, stamped, flags.fallback());
      Transcript transcript = transcriber.transcribe(sound, wish);
      double seconds = (System.nanoTime() - before) / 1e9;
      common.progress(
          String.format(
              Locale.ROOT,
              "%s: %.1f s of sound in %.2f s",
              transcriber.label(transcript.pieces().get(0)),
              sound.seconds(),
              seconds));
      say(transcript);
      report(transcriber, transcript, sound, seconds);
    }
    return Failures.DONE;
  }

  private void say(Transcript transcript) {
    if (!stamped) {
      common.say(transcript.text());
      return;
    }
    for (Transcript.Segment s : transcript.segments()) {
      common.say(
          String.format(Locale.ROOT, "%.2f\t%.2f\t%s", s.start(), s.end(), s.text().strip()));
    }
  }

  private void report(Transcriber transcriber, Transcript transcript, Sound sound, double seconds) {
    ObjectNode json = JsonFile.object();
    json.put("text", transcript.text());
    json.put("sound_seconds", sound.seconds()).put("seconds", seconds);
    json.put("engine", transcriber.description());
    ArrayNode segments = json.putArray("segments");
    for (Transcript.Segment s : transcript.segments()) {
      segments
          .addObject()
          .put("start", s.start())
          .put("end", s.end())
          .put("text", s.text().strip());
    }
    ArrayNode pieces = json.putArray("pieces");
    for (Generation piece : transcript.pieces()) {
      ObjectNode entry = pieces.addObject();
      entry.set("prompt", JsonFile.tree(piece.prompt()));
      entry.set("tokens", JsonFile.tree(piece.tokens()));
      entry.put("end", piece.end().name());
    }
    common.result(json);
  }
}
