/** Tokenizers: text to token ids and back. */
@NullMarked
package org.attention4j.models.token;

import org.jspecify.annotations.NullMarked;
