package org.attention4j.models.run;

import java.nio.file.Path;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.family.Family;
import org.attention4j.models.family.Trainee;
import org.attention4j.models.store.ModelFiles;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.weights.Weights;

/** A model that begins with random weights. */
record NewModel(Family model, Tokenizer tokenizer) implements Trainee {
  @Override
  public Program program() {
    return Program.of(model.trainable());
  }

  @Override
  public Weights initial(long seed) {
    return Parameters.init(program(), seed);
  }

  @Override
  public void begin(Path directory) {
    ModelDirectory.begin(directory, model, tokenizer);
  }

  @Override
  public void save(Path directory, Weights weights) {
    weights.save(directory.resolve(ModelFiles.WEIGHTS));
  }
}
