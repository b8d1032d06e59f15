/** A model's directory as a whole, of whichever family: opened and written. */
@NullMarked
package org.attention4j.models.directory;

import org.jspecify.annotations.NullMarked;
