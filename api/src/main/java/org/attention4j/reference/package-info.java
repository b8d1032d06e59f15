/** The oracle: every primitive in plain Java, obviously right. */
@NullMarked
package org.attention4j.reference;

import org.jspecify.annotations.NullMarked;
