/** The exceptions of the library, all unchecked and below one root. */
@NullMarked
package org.attention4j.error;

import org.jspecify.annotations.NullMarked;
