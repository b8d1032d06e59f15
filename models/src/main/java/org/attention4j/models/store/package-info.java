/** Model directories: configuration, weights, tokenizer and figures in one place. */
@NullMarked
package org.attention4j.models.store;

import org.jspecify.annotations.NullMarked;
