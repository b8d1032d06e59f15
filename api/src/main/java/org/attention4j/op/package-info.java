/**
 * Composite operations, each with its expansion into primitives, and reverse-mode differentiation.
 */
@NullMarked
package org.attention4j.op;

import org.jspecify.annotations.NullMarked;
