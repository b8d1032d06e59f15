/** Pictures and sound as models read them: decoded, resized, normalised, as log-mel frames. */
@org.jspecify.annotations.NullMarked
package org.attention4j.models.input;
