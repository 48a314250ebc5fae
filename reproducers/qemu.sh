#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Boots a Debian kernel under QEMU with an initramfs, and runs a static program on it, with swap on zram.
#
#   qemu.sh TREE PROGRAM [ARGS..]
#
# TREE is where `dpkg-deb -x` unpacked the kernel's packages: linux-image, or linux-binary and linux-modules (from 7.2
# on). Needs qemu-system-x86, busybox-static, cpio, kmod and xz-utils. In the guest, /dev/ram0 is a block device for
# O_DIRECT, and /dev/zram0 the swap device (SWAP=disk: a virtio disk instead, SWAP=no: none). ACCEL, CPU, MEMORY (MiB) and
# CPUS may be set.
set -euo pipefail

tree=$1 program=$2
shift 2
accel=${ACCEL:-tcg,thread=multi} memory=${MEMORY:-512} cpus=${CPUS:-2} swap=${SWAP:-zram}
cpu=${CPU:-max}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

modules=$(find "$tree" -type d -path '*lib/modules/*' -prune | head -1)
version=$(basename "$modules")
kernel=$(find "$tree" -name "vmlinuz*" | head -1)
root=$work/root
mkdir -p "$root"/{bin,dev,proc,sys,tmp} "$work/lib/modules"
cp -r "$modules" "$work/lib/modules/"
find "$work/lib/modules" -name '*.ko.xz' -exec xz -d {} +
depmod -b "$work" "$version"

# Every module in the order in which it has to be loaded.
: > "$root/modules"
for name in virtio_pci virtio_blk brd lzo lzo-rle lz4 zram; do
	modprobe -d "$work" -S "$version" --show-depends "$name" 2>/dev/null || true
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
	cp "$file" "$root/"
	basename "$file" >> "$root/modules"
done

cp "$(command -v busybox)" "$root/bin/busybox"
cp "$program" "$root/program"
{
	echo '#!/bin/busybox sh'
	echo '/bin/busybox --install -s /bin; export PATH=/bin'
	echo 'mount -t devtmpfs none /dev; mount -t proc none /proc; mount -t sysfs none /sys'
	echo 'while read -r file; do insmod "/$file" || echo "no $file"; done < /modules'
	case $swap in
	zram) echo 'echo 128M > /sys/block/zram0/disksize; mkswap /dev/zram0 > /dev/null; swapon /dev/zram0' ;;
	disk) echo 'mkswap /dev/vda > /dev/null; swapon /dev/vda' ;;
	esac
	echo 'uname -a; cat /proc/swaps; cat /sys/kernel/mm/lru_gen/enabled 2>/dev/null'
	printf '/program'
	printf ' %q' "$@"
	echo
	echo 'echo "exit code $?"; poweroff -f'
} > "$root/init"
chmod +x "$root/init" "$root/program"
(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) > "$work/initramfs"
truncate -s 128M "$work/disk"

nice -n 10 qemu-system-x86_64 -accel "$accel" -cpu "$cpu" -smp "$cpus" -m "$memory" -nographic -no-reboot -nodefaults \
	-serial stdio -kernel "$kernel" -initrd "$work/initramfs" -append 'console=ttyS0 quiet panic=-1' \
	-drive "file=$work/disk,format=raw,if=virtio" < /dev/null
