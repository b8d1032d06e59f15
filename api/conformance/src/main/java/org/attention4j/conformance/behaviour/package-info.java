/** Checks of what engines do beyond values: errors, lifecycle, concurrency, export. */
@NullMarked
package org.attention4j.conformance.behaviour;

import org.jspecify.annotations.NullMarked;
