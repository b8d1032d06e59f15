package org.attention4j.models.jinja;

import java.util.List;

/** What writes text or changes names. */
interface Statement {
  void execute(Run run);

  /** One after the other. */
  static Statement all(List<Statement> statements) {
    List<Statement> copy = List.copyOf(statements);
    return run -> copy.forEach(statement -> statement.execute(run));
  }
}
