/** Cases, tolerances and reports that prove an engine right. */
@NullMarked
package org.attention4j.conformance;

import org.jspecify.annotations.NullMarked;
