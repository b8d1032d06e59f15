/** What can go wrong, as one family of exceptions. */
@NullMarked
package org.attention4j.error;

import org.jspecify.annotations.NullMarked;
