package org.attention4j.models.hostile;

/**
 * A damaged file.
 *
 * @param what was done, for a failing test's message
 */
@SuppressWarnings("ArrayRecordComponent") // made once, written once, compared never
record Mutation(String what, byte[] bytes) {}
