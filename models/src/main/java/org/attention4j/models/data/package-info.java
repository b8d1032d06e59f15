/** Corpora: reading text, splitting it, and cutting it into batches. */
@NullMarked
package org.attention4j.models.data;

import org.jspecify.annotations.NullMarked;
