/** Measures of what models write. */
@NullMarked
package org.attention4j.models.score;

import org.jspecify.annotations.NullMarked;
