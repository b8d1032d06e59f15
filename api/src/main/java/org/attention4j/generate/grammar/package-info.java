/**
 * Languages that generated texts keep to: expressions, the automaton that reads them, and tokens.
 */
@NullMarked
package org.attention4j.generate.grammar;

import org.jspecify.annotations.NullMarked;
