package org.attention4j.generate.grammar;

import org.jspecify.annotations.Nullable;

/**
 * Where a called rule goes on when it ends, and who called before. Equal ones of a {@link States}
 * are one object.
 *
 * @param below null at the bottom
 * @param distance bytes at least until everything has ended
 */
record Frame(int id, Node then, @Nullable Frame below, int distance) {}
