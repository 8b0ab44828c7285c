/* title: mallinfo2 describes this heap */
#define INFO mallinfo2
#include "mallinfo.h"
