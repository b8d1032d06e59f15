/** Strict JSON in and out, for file headers and test cases; not for users of the library. */
@NullMarked
package org.attention4j.json;

import org.jspecify.annotations.NullMarked;
