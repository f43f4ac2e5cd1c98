# Settings for a GDB that `toro debug` starts; read before the image is.
set debuginfod enabled off
set confirm off
set pagination off
set print pretty on
# A machine that emulates its guest may take its time.
set remotetimeout 15
set tcp connect-timeout 15
# Breakpoints stay where they are while the guest stands: two packets less for each of them at every stop.
set breakpoint always-inserted on
