/** The catalogue of cases, as data. */
@NullMarked
package org.attention4j.conformance.cases;

import org.jspecify.annotations.NullMarked;
